import type { Context, Next } from 'hono'
import type { Env } from '#emulator/world.ts'

/** Configurations, keys, tokens and Graph are for pages, too; what people see (sign-in, consent) no page may read. */
const FOR_PAGES =
  /^\/[^/]+\/(v2\.0\/)?\.well-known\/|^\/common\/discovery\/|^\/[^/]+\/(discovery\/(v2\.0\/)?keys|oauth2\/(v2\.0\/)?token)$|^\/(v1\.0|beta)\//i
/** `Retry-After` is not among them. @see https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/2011 */
const READABLE = 'ETag, Location, request-id, client-request-id, WWW-Authenticate'

/** Lets a page of any origin ask and read. @see https://fetch.spec.whatwg.org/#http-cors-protocol */
export async function answerPages(c: Context<Env>, next: Next): Promise<Response | undefined> {
  if (c.req.header('origin') === undefined || !FOR_PAGES.test(c.req.path)) {
    await next()
    return undefined
  }
  if (c.req.method === 'OPTIONS')
    return c.body(null, 204, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': c.req.header('access-control-request-method') ?? '',
      'access-control-allow-headers': c.req.header('access-control-request-headers') ?? '',
    })
  await next()
  const headers = { 'access-control-allow-origin': '*', 'access-control-expose-headers': READABLE }
  const ready = c.get('ready')
  if (ready) c.set('ready', { ...ready, headers: { ...headers, ...ready.headers } })
  else for (const [name, value] of Object.entries(headers)) c.header(name, value)
  return undefined
}
