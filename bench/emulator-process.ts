import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { EstateInput } from '#emulator/index.ts'
import { pinned } from './pinned.ts'

const PROGRAM = resolve(import.meta.dirname, '..', 'emulator', 'cli.ts')

export type EmulatorProcess = AsyncDisposable & {
  pid: number
  origin: string
  browserOrigin: string
  caFile: string
  dataDir: string
}

/**
 * The emulator as a process of its own, so that its work is not counted as ours.
 * @param options.core the core that it may use; any unless told
 * @param options.nodeOptions of Node; much memory unless told
 */
export async function startEmulatorProcess(
  estate: EstateInput,
  { core, nodeOptions = ['--max-old-space-size=4096'] }: { core?: number; nodeOptions?: readonly string[] } = {},
): Promise<EmulatorProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  const file = join(folder, 'estate.json')
  writeFileSync(file, JSON.stringify(estate))
  const args = [
    ...nodeOptions,
    PROGRAM,
    '--estate',
    file,
    '--port',
    '0',
    '--http-port',
    '0',
    '--data-dir',
    folder,
    '--json',
  ]
  const [command, commandArgs] = core === undefined ? [process.execPath, args] : pinned(core, process.execPath, args)
  const child = spawn(command, commandArgs, { stdio: ['ignore', 'pipe', 'inherit'] })
  const { origin, browserOrigin, caFile } = JSON.parse(await firstLine(child)) as Record<string, string>
  return {
    pid: child.pid ?? 0,
    origin: origin ?? '',
    browserOrigin: browserOrigin ?? '',
    caFile: caFile ?? '',
    dataDir: folder,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** @throws Error when the process ends without having said anything */
export async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('The process says nothing that could be read.')
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('The process ended before it was ready.')
    }),
  ])) as [string]
  return line
}
