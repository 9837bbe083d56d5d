import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { EstateInput } from '#emulator/index.ts'

const PROGRAM = resolve(import.meta.dirname, '..', 'emulator', 'cli.ts')

export type EmulatorProcess = AsyncDisposable & { origin: string; browserOrigin: string; caFile: string }

/** The emulator as a process of its own, so that its work is not counted as ours. */
export async function startEmulatorProcess(estate: EstateInput): Promise<EmulatorProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  const file = join(folder, 'estate.json')
  writeFileSync(file, JSON.stringify(estate))
  const args = [PROGRAM, '--estate', file, '--port', '0', '--http-port', '0', '--data-dir', folder, '--json']
  const child = spawn(process.execPath, ['--max-old-space-size=4096', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('The emulator ended before it was ready.')
    }),
  ])) as [string]
  const { origin, browserOrigin, caFile } = JSON.parse(line) as {
    origin: string
    browserOrigin: string
    caFile: string
  }
  return {
    origin,
    browserOrigin,
    caFile,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
