import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { openTls } from '#emulator/tls.ts'
import type { Scope } from '#test/support/suite-scope.ts'

/** A host on this machine that answers as a test wants, and counts whoever knocks. */
export type Host = {
  origin: string
  /** PEM; what a client has to trust. */
  ca: string
  connections(): number
  /** As they arrived, in the order in which they did. */
  requests: { method: string; url: string; headers: Record<string, unknown> }[]
}

export async function openHost(
  scope: Scope,
  { answer = (_request, response) => void response.end('{}') }: { answer?: RequestListener } = {},
): Promise<Host> {
  const { ca, certificate, privateKey } = openTls(null)
  const requests: Host['requests'] = []
  let connections = 0
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    answer(request, response)
  })
  // Before TLS: a connection that breaks off at the handshake counts, too.
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0)
  await once(server, 'listening')
  scope.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `https://localhost:${port}`, ca, connections: () => connections, requests }
}
