import { Client, type Context, GraphError, type Middleware } from '@microsoft/microsoft-graph-client'
import { fromGraph } from '#graph/errors.ts'
import type { Graph } from '#graph/open.ts'
import { settle } from '#graph/request.ts'
import { urlOf } from '#graph/url-of.ts'
import { Problem } from '#model/problem.ts'

const VERSIONS = ['v1.0', 'beta']
/** So many requests of one client may have failed at a time before anybody asks what was behind it. */
const MOST_REMEMBERED = 64
const WITHOUT_BODY = [101, 204, 205, 304]

/**
 * Microsoft's own Graph client, ready-made for one tenant. Every request it makes goes out through our gate: its own
 * handlers for tokens, retries and redirects are not used, because they would follow a foreign link.
 * @see https://learn.microsoft.com/graph/sdks/customize-client
 */
export function sdkClient(graph: Graph, { signal }: { signal?: AbortSignal } = {}): Client {
  return openSdkClient(graph, signal ? { signal } : {}).client
}

/**
 * The same, with a reading of what it throws: the client keeps of an error its text and stack only, so the gate remembers the
 * problems behind it.
 */
export function openSdkClient(
  graph: Graph,
  {
    signal,
    onProblem = () => {},
    before = () => {},
  }: {
    signal?: AbortSignal
    /** Told of each problem, whatever becomes of the error that it is thrown with. */
    onProblem?(problem: Problem): void
    /** Asked before each request. @throws Problem where none may be made */
    before?(): void
  } = {},
): {
  client: Client
  /** Any other error comes back as it is. */
  problemBehind(error: unknown): unknown
} {
  const met: Problem[] = []
  const gate = ourGate(graph, signal)
  const client = Client.initWithMiddleware({
    baseUrl: `${graph.cloud.graphOrigin}/`,
    customHosts: new Set([new URL(graph.cloud.graphOrigin).hostname]),
    middleware: {
      async execute(context) {
        try {
          before()
          await gate.execute(context)
        } catch (error) {
          if (error instanceof Problem) {
            met.push(error)
            if (met.length > MOST_REMEMBERED) met.shift()
            onProblem(error)
          }
          throw error
        }
      },
    },
  })
  return {
    client,
    problemBehind(error) {
      if (!(error instanceof GraphError)) return error
      // Of what was thrown the client keeps the stack, which no other error has.
      const problem = met.find(({ stack }) => stack === error.stack)
      if (problem) return problem
      return error.statusCode > 0 ? answered(error, graph.clock.now()) : error
    },
  }
}

/** What Graph itself has answered; the client keeps the inside of the envelope as text. */
const answered = ({ statusCode, headers, body }: GraphError, now: Date): Problem =>
  fromGraph(
    {
      status: statusCode,
      headers: Object.fromEntries(headers ?? []),
      text: `{"error":${typeof body === 'string' ? body : '{}'}}`,
      bytes: Buffer.alloc(0),
    },
    now,
  )

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
