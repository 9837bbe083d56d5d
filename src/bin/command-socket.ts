import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Log } from '#base/log.ts'
import type { Start } from '#bin/start.ts'
import { runCli, STOPPED } from '#cli/run-cli.ts'
import type { Terminal } from '#cli/terminal.ts'
import type { Tools } from '#tools.ts'

/** unix(7): sun_path holds 108 bytes. */
const MAX_PATH_BYTES = 107
const MAX_LINE_CHARACTERS = 64 * 1024

type Question = {
  argv: string[]
  /** Whether somebody sits there. */
  asks: boolean
}
type Line = { out: string } | { err: string } | { ask: string } | { exit: number }
type Reply = { answer: string | null }

/** Only the owner of the data folder can reach it: the folder itself is closed to everybody else. */
function socketPath(dataDir: string): string {
  const absolute = join(resolve(dataDir), 'command.sock')
  const near = relative(resolve('.'), absolute)
  return Buffer.byteLength(absolute) <= MAX_PATH_BYTES || near.length > absolute.length ? absolute : near
}

/** Runs other processes' commands with the tools of the process that owns the embedded database. */
export async function openCommandSocket(tools: Tools): Promise<AsyncDisposable> {
  const path = socketPath(tools.config.dataDir)
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    answer(socket, tools).catch((error: unknown) => {
      tools.log.error({ err: error }, 'a command failed')
      socket.destroy()
    })
  })
  await listen(server, path)
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function answer(socket: Socket, tools: Tools): Promise<void> {
  const gone = new AbortController()
  socket.on('close', () => gone.abort(new Error('Whoever asked has gone.')))
  const say = (line: Line) => socket.writable && socket.write(`${JSON.stringify(line)}\n`)
  const lines = linesOf(socket)
  const question = readQuestion(await nextOf(lines))
  if (!question) {
    socket.destroy()
    return
  }
  const { argv, asks } = question
  const ask = async (text: string) => {
    say({ ask: text })
    return ((await nextOf(lines)) as Reply | null)?.answer ?? null
  }
  const terminal: Terminal = { out: (out) => say({ out }), err: (err) => say({ err }), ...(asks ? { ask } : {}) }
  const exit = await runOrTell(argv, { tools, terminal, signal: gone.signal, log: tools.log })
  say({ exit })
  socket.end()
}

async function runOrTell(
  argv: readonly string[],
  { tools, terminal, signal, log }: { tools: Tools; terminal: Terminal; signal: AbortSignal; log: Log },
): Promise<number> {
  try {
    return await runCli(argv, { terminal, signal, tools: () => Promise.resolve(tools) })
  } catch (error) {
    if (signal.aborted) return 1
    log.error({ err: error }, 'a command failed')
    terminal.err('The command failed for a reason that is not known; the log of the running process says more.')
    return 1
  }
}

/** Until one is too long, or whoever writes them has gone. */
async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      if (line.length > MAX_LINE_CHARACTERS) return
      yield line
    }
    if (text.length > MAX_LINE_CHARACTERS) return
  }
}

/** Null where there is none any more, or it is none. */
async function nextOf(lines: AsyncGenerator<string>): Promise<unknown> {
  try {
    const { value, done } = await lines.next()
    return done ? null : JSON.parse(value)
  } catch {
    return null
  }
}

function readQuestion(asked: unknown): Question | null {
  const { argv, asks } = (asked ?? {}) as Partial<Question>
  const isOne = Array.isArray(argv) && argv.every((word) => typeof word === 'string')
  return isOne ? { argv, asks: asks === true } : null
}

/**
 * Has the running process do the command and prints what it says.
 * @returns its exit code; null when nobody listens there
 */
export async function askRunningProcess(
  dataDir: string,
  argv: readonly string[],
  { terminal, signal }: Pick<Start, 'terminal' | 'signal'>,
): Promise<number | null> {
  const socket = await dial(socketPath(dataDir))
  if (!socket) return null
  signal.addEventListener('abort', () => socket.destroy())
  const write = (line: Question | Reply) => socket.write(`${JSON.stringify(line)}\n`)
  write({ argv: [...argv], asks: terminal.ask !== undefined })
  const lines = createInterface({ input: socket })
  // Readline waits for an end, which a connection that was broken off, here or there, never has.
  socket.on('close', () => lines.close())
  for await (const text of lines) {
    const line = JSON.parse(text) as Line
    if ('out' in line) terminal.out(line.out)
    else if ('err' in line) terminal.err(line.err)
    else if ('ask' in line) write({ answer: (await terminal.ask?.(line.ask)) ?? null })
    else return line.exit
  }
  terminal.err(signal.aborted ? STOPPED : 'The running process went away before the command was done.')
  return 1
}

const dial = (path: string): Promise<Socket | null> =>
  new Promise((settle) => {
    const socket = connect(path)
    socket.once('connect', () => settle(socket))
    socket.once('error', () => settle(null))
  })

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((listening, failed) => {
    server.once('error', failed)
    server.listen(path, listening)
  })
