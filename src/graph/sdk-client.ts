import { Client, type Context, type Middleware } from '@microsoft/microsoft-graph-client'
import type { Graph } from '#graph/open.ts'
import { settle, urlOf } from '#graph/request.ts'

const VERSIONS = ['v1.0', 'beta']
const WITHOUT_BODY = [101, 204, 205, 304]

/**
 * Microsoft's own Graph client, ready-made for one tenant. Every request it makes goes out through our gate: its own
 * handlers for tokens, retries and redirects are not used, because they would follow a foreign link.
 * @see https://learn.microsoft.com/graph/sdks/customize-client
 */
export function sdkClient(graph: Graph, { signal }: { signal?: AbortSignal } = {}): Client {
  return Client.initWithMiddleware({
    baseUrl: `${graph.cloud.graphOrigin}/`,
    customHosts: new Set([new URL(graph.cloud.graphOrigin).hostname]),
    middleware: ourGate(graph, signal),
  })
}

const ourGate = (graph: Graph, signal: AbortSignal | undefined): Middleware => ({
  async execute(context: Context) {
    const { request, options = {} } = context
    const asked = new Request(request, { ...options, headers: headersOf(options.headers) } as RequestInit)
    const body = asked.body === null ? null : new Uint8Array(await asked.arrayBuffer())
    const stop = [signal, options.signal].filter((one): one is AbortSignal => one instanceof AbortSignal)
    const answer = await settle(graph, {
      method: asked.method,
      url: urlOf(graph, asked.url, VERSIONS),
      headers: Object.fromEntries(asked.headers),
      ...(body ? { body } : {}),
      ...(stop.length > 0 ? { signal: AbortSignal.any(stop) } : {}),
    })
    const { 'content-encoding': _encoding, 'content-length': _length, ...headers } = answer.headers
    const bytes = WITHOUT_BODY.includes(answer.status) ? null : answer.bytes
    context.response = new Response(bytes, { status: answer.status, headers })
  },
})

/** The client passes a plain object, pairs or Headers. */
const headersOf = (headers: unknown): Headers => new Headers((headers ?? {}) as Record<string, string>)
