import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Start } from '#bin/start.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'emulator', 'cli.ts')

/** `tenantry emulator …`: the emulator is a house of its own, so it is started as a process of its own. */
export async function emulator({ signal }: Start, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'inherit' })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  const [code] = (await once(child, 'exit')) as [number | null]
  signal.removeEventListener('abort', stop)
  return code ?? 1
}
