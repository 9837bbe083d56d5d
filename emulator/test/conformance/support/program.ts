import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export type Ended = { status: number; out: string; said: string }
export type ProgramOptions = {
  env?: NodeJS.ProcessEnv
  /** The first line that it reads. */
  input?: string
  /** Hears everything that was written to standard error so far, whenever there is more of it, and may answer a line. */
  onSaid?: (said: string, answer: (line: string) => void) => void
}

/** Runs a program of somebody else's to its end; `out` is its answer, `said` what it wrote for people. */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  { env = process.env, input, onSaid }: ProgramOptions = {},
): Promise<Ended> {
  const child = spawn(program, parameters, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const answer = (line: string) => void child.stdin.write(`${line}\n`)
  child.stdin.on('error', () => {})
  if (input !== undefined) answer(input)
  let said = ''
  child.stderr.on('data', (piece) => {
    said += piece
    onSaid?.(said, answer)
  })
  const [out, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { status: status ?? -1, out: out.trim(), said }
}
