import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { NAMES } from '#emulator/tls.ts'

export type Proxy = { port: number; close(): Promise<void> }

/**
 * For clients that cannot be told another address: a proxy that leads Microsoft's names to the emulator, whose certificate
 * holds for them, and refuses every other. @see RFC 9110 section 9.3.6
 * @param host null for loopback
 */
export async function openProxy(port: number, httpsPort: number, host: string | null): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connect', (request, socket: Socket, head: Buffer) => {
    const [name = '', to = ''] = (request.url ?? '').split(':')
    const isOurs = NAMES.includes(name.toLowerCase()) && (to === '443' || to === String(httpsPort))
    if (!isOurs) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    const inner = connect(httpsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      inner.write(head)
      inner.pipe(socket).pipe(inner)
    })
    for (const end of [socket, inner]) {
      sockets.add(end)
      end.on('close', () => {
        sockets.delete(end)
        socket.destroy()
        inner.destroy()
      })
      end.on('error', () => end.destroy())
    }
  })
  server.listen(port, host ?? '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
