import type { Telemetry } from '#telemetry/open.ts'

/** A worker's own figures for Prometheus, and nothing else. */
export const metricsSite =
  (telemetry: Telemetry) =>
  async (request: Request): Promise<Response> =>
    new URL(request.url).pathname === '/metrics'
      ? new Response(await telemetry.exposition(), {
          headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
        })
      : new Response('The figures are at /metrics.\n', { status: 404 })
