import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createDoor, type Server as Door } from 'node:net'
import type { Tls } from '#emulator/tls.ts'

export type Listening = { port: number; handle(listener: RequestListener): void; close(): Promise<void> }

const GRACE_MILLISECONDS = 1_000
/** How often another free port is looked for, when the one found is taken on ::1. */
const TRIES = 20

/**
 * Listens on the loopback interface: on 127.0.0.1 and, where there is IPv6, on the same port of ::1, so that `localhost`
 * is never somebody else. In a container another address may be asked for.
 * @param port 0 for any free one
 * @param host null for loopback
 * @param tls null for plain HTTP
 * @throws the error of the system, as EADDRINUSE
 */
export async function listen(port: number, host: string | null, tls: Tls | null): Promise<Listening> {
  let handler: RequestListener = (_, response) => response.writeHead(503).end()
  const listener: RequestListener = (request, response) => handler(request, response)
  const open = () =>
    tls ? createHttpsServer({ key: tls.privateKey, cert: tls.certificate }, listener) : createHttpServer(listener)
  const { main, other } =
    host === null ? await openBoth(open, port, 0) : { main: await listening(open(), port, host), other: null }
  return {
    port: portOf(main),
    handle(next) {
      handler = next
    },
    close: async () => {
      await Promise.all([other === null ? null : closeDoor(other), closeServer(main)])
    },
  }
}

type Both = { main: Server; other: Door | null }

/** The second address has a door only, behind which is the first one's server: TLS is set up once. */
async function openBoth(open: () => Server, port: number, tries: number): Promise<Both> {
  const main = await listening(open(), port, '127.0.0.1')
  const other = createDoor({ allowHalfOpen: true, noDelay: true }, (socket) => void main.emit('connection', socket))
  try {
    return { main, other: await listening(other, portOf(main), '::1') }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE') return { main, other: null }
    await closeServer(main)
    if (port !== 0 || tries === TRIES) throw error
    return openBoth(open, port, tries + 1)
  }
}

async function listening<Listener extends Door>(server: Listener, port: number, host: string): Promise<Listener> {
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

async function closeDoor(door: Door): Promise<void> {
  const closed = once(door, 'close')
  door.close()
  await closed
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Idle connections go at once; a request under way may finish, but not for ever. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MILLISECONDS)
  await closed
  clearTimeout(timer)
}
