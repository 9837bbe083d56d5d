import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the operating system gives to outgoing connections, so that none of those is in the way later. */
const FIRST = 20_000
const COUNT = 10_000
/** Files of tests run side by side as processes of their own; each begins to look at another place. */
const PER_PROCESS = 20

let next = (process.pid * PER_PROCESS) % COUNT

/** A port that nobody listens on, for a program that has to know its address before it starts. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + (next++ % COUNT)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
