import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** A program of the demo, running on its own; what it says goes to a file. */
export type Program = AsyncDisposable & {
  /** Waits until the address answers with 200. @throws Error when the program ends before, with what it said */
  answers(url: string): Promise<void>
  /** Settles when the program has ended by itself. */
  ended: Promise<unknown>
}

const POLL_MILLISECONDS = 50
const PATIENCE_MILLISECONDS = 120_000
const GRACE_MILLISECONDS = 12_000
const KEPT_CHARACTERS = 4_000

export function startProgram(
  name: string,
  {
    program,
    args,
    env,
    logFile,
  }: { program: string; args: readonly string[]; env: NodeJS.ProcessEnv; logFile: string },
): Program {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const log = createWriteStream(logFile, { flags: 'a' })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log.write(chunk)
      said = (said + chunk.toString()).slice(-KEPT_CHARACTERS)
    })
  const exit = once(child, 'exit')
  return {
    ended: exit,
    async answers(url) {
      const deadline = Date.now() + PATIENCE_MILLISECONDS
      while (!(await isOk(url))) {
        if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}:\n${said}`)
        if (Date.now() > deadline) throw new Error(`${name} does not answer at ${url}. Its log: ${logFile}`)
        await pause(POLL_MILLISECONDS)
      }
    },
    async [Symbol.asyncDispose]() {
      await stop(child, exit)
      log.end()
    },
  }
}

async function stop(child: ChildProcess, exit: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const grace = setTimeout(() => child.kill('SIGKILL'), GRACE_MILLISECONDS)
  await exit
  clearTimeout(grace)
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
