import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { until } from '#test/support/until.ts'

export const root = join(import.meta.dirname, '..', '..')
const TENANTRY = join(root, 'src/bin/tenantry.ts')

/** Nothing of Tenantry or of Node that a developer has set for himself, and the compiled code that the tests share. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TENANTRY|NODE)_/.test(name) || name === 'NODE_COMPILE_CACHE'),
)

type Call = { args: readonly string[]; env: Readonly<Record<string, string>>; cwd?: string }

/** What a command said and how it ended. */
export type Ended = { code: number | null; stdout: string; stderr: string }

/** A `tenantry` that keeps running. */
export type Program = {
  /** Everything it has said so far. */
  said(): string
  /** Waits until it says so. @throws Error when it ends before */
  says(text: RegExp): Promise<void>
  /** Waits until the address answers with 200. @throws Error when it ends before */
  answers(url: string): Promise<void>
  /** Settles when it has ended. */
  ended: Promise<Ended>
  /** Sends it a signal that it listens to. */
  signal(name: NodeJS.Signals): void
  /** SIGTERM: in order. @returns the exit code */
  stop(): Promise<number | null>
  /** SIGKILL: as when the power of its machine fails. */
  kill(): Promise<void>
  /** SIGSTOP: as when its machine hangs. It knows nothing of the time until `thaw`. */
  freeze(): void
  thaw(): void
}

/** Starts `tenantry` with these arguments and leaves it running. */
export function startTenantry({ args, env, cwd = root }: Call): Program {
  const child = spawn(process.execPath, [TENANTRY, ...args], {
    cwd,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  let over = false
  const ended = once(child, 'close').then(([code]): Ended => {
    over = true
    return { code: code as number | null, stdout, stderr }
  })
  const said = () => stdout + stderr
  const wait = (what: string, look: () => boolean | Promise<boolean>) =>
    until(`tenantry ${args.join(' ')} ${what}`, async () => {
      if (await look()) return true
      if (over) throw new Error(`tenantry ${args.join(' ')} ended before it ${what}:\n${said()}`)
      return false
    }).then(() => {})
  return {
    said,
    says: (text) => wait(`says ${text}`, () => text.test(said())),
    answers: (url) => wait(`answers at ${url}`, () => isOk(url)),
    ended,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGTERM')
      return (await ended).code
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs one command to its end. */
export const runTenantry = (call: Call): Promise<Ended> => startTenantry(call).ended

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
