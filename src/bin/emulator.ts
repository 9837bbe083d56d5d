import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Start } from '#bin/start.ts'

/** By the name that the package gives it: here it is source, where it is installed it was built. */
const PROGRAM = fileURLToPath(import.meta.resolve('tenantry/emulator/program'))

/** `tenantry emulator …`: the emulator is a house of its own, so it is started as a process of its own. */
export async function emulator({ signal }: Start, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'inherit' })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  const [code] = (await once(child, 'exit')) as [number | null]
  signal.removeEventListener('abort', stop)
  // Told to stop before it could listen to that, it ends without a code.
  return code ?? (signal.aborted ? 0 : 1)
}
