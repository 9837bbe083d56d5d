import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Scope } from '#test/support/suite-scope.ts'

export type SeenSpan = {
  name: string
  spanId: string
  traceId: string
  parentSpanId?: string
  attributes: Record<string, unknown>
  /** 2: something went wrong. */
  status: number
  resource: Record<string, unknown>
}

/** A small collector of traces, as OTLP over HTTP with JSON has it. */
export type Collector = {
  endpoint: string
  spans: SeenSpan[] /** Everything that came, as text. */
  received: string[]
}

type Attribute = { key: string; value: Record<string, unknown> }
type WireSpan = Omit<SeenSpan, 'attributes' | 'status' | 'resource'> & {
  attributes?: Attribute[]
  status?: { code?: number }
}
type Body = { resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: WireSpan[] }[] }[] }

/** @see https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function openCollector(scope: Scope): Promise<Collector> {
  const spans: SeenSpan[] = []
  const received: string[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      received.push(JSON.stringify({ url: request.url, headers: request.headers, body }))
      for (const { resource, scopeSpans } of (body as Body).resourceSpans)
        for (const span of scopeSpans.flatMap((one) => one.spans))
          spans.push({
            ...span,
            attributes: plain(span.attributes),
            status: span.status?.code ?? 0,
            resource: plain(resource.attributes),
          })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, received }
}

const plain = (attributes: Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
