import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { codeOf } from '#base/code-of.ts'
import { Problem } from '#model/problem.ts'

type Fetch = Parameters<typeof serve>[0]['fetch']

export type Door = { port: number; [Symbol.asyncDispose](): Promise<void> }

const GRACE_MILLISECONDS = 3_000

/**
 * Serves one site until disposed: no new connection then, running answers get a short grace.
 * @throws Problem CONFIGURATION_INVALID when the address cannot be listened on
 */
export async function listen(
  fetch: Fetch,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<Door> {
  const server = await new Promise<ServerType>((settle, fail) => {
    const starting = serve({ fetch, hostname: host, port }, () => settle(starting))
    starting.once('error', (error) => fail(busy(host, port, setting, error)))
  })
  const { port: listening } = server.address() as AddressInfo
  return { port: listening, [Symbol.asyncDispose]: () => close(server) }
}

function close(server: ServerType): Promise<void> {
  return new Promise((closed) => {
    const grace = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), GRACE_MILLISECONDS)
    server.close(() => {
      clearTimeout(grace)
      closed()
    })
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}

const busy = (host: string, port: number, setting: string, cause: Error) =>
  new Problem(
    {
      code: 'CONFIGURATION_INVALID',
      owner: 'operator',
      message: `Nothing can listen on ${host}:${port} (${codeOf(cause) || cause.message}).`,
      nextStep: `Stop what uses the port, or set ${setting} to another one.`,
      retry: 'never',
      confidence: 'certain',
    },
    { cause },
  )
