import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Tls } from '#emulator/tls.ts'

export type Listening = { port: number; handle(listener: RequestListener): void; close(): Promise<void> }

const GRACE_MILLISECONDS = 1_000

/**
 * Listens on the loopback interface only, IPv4 and, where there is one, IPv6.
 * @param port 0 for any free one
 * @param tls null for plain HTTP
 * @throws the error of the system, as EADDRINUSE
 */
export async function listenOnLoopback(port: number, tls: Tls | null): Promise<Listening> {
  let handler: RequestListener = (_, response) => response.writeHead(503).end()
  const open = () => {
    const listener: RequestListener = (request, response) => handler(request, response)
    return tls
      ? createHttpsServer({ key: tls.privateKey, cert: tls.certificate }, listener)
      : createHttpServer(listener)
  }
  const four = open()
  four.listen(port, '127.0.0.1')
  await once(four, 'listening')
  const { port: bound } = four.address() as AddressInfo
  const six = open()
  six.listen(bound, '::1')
  // A machine without IPv6, or another program on this port of it: 127.0.0.1 is enough.
  const servers = await once(six, 'listening').then(
    () => [four, six],
    () => [four],
  )
  return {
    port: bound,
    handle(listener) {
      handler = listener
    },
    close: async () => {
      await Promise.all(servers.map(closeServer))
    },
  }
}

/** Idle connections go at once; a request under way may finish, but not for ever. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MILLISECONDS)
  await closed
  clearTimeout(timer)
}
