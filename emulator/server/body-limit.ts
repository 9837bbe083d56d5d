import type { Context } from 'hono'
import type { ServedEnv } from '#emulator/server/faults.ts'

/** Of every request to Graph. @see https://learn.microsoft.com/graph/use-the-api */
const MAX_BYTES = 4 * 1024 * 1024
const WORDS = 'Maximum request length exceeded.'

/** Nobody gets the emulator to keep more of a request than Microsoft would. @returns null for what is short enough */
export async function refuseTooLong(c: Context<ServedEnv>): Promise<Response | null> {
  if (Number(c.req.header('content-length') ?? 0) > MAX_BYTES) return answerTooLong(c)
  // In pieces, and how many is not said.
  return c.req.header('transfer-encoding') === undefined || (await readShort(c)) ? null : answerTooLong(c)
}

/**
 * Reads the body ahead, for whoever wants it afterwards. Hono’s own limit copies the request that it is given, which Node’s
 * `Request` can do of its own kind only.
 * @returns false where there is too much of it
 */
async function readShort({ req }: Context<ServedEnv>): Promise<boolean> {
  const { method, url, raw } = req
  if (method === 'GET' || method === 'HEAD' || !raw.body) return true
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of raw.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > MAX_BYTES) return false
    parts.push(part)
  }
  req.raw = new Request(url, { method, headers: raw.headers, body: Buffer.concat(parts) })
  return true
}

/** Status and words were seen, but not both in one answer. @see https://github.com/microsoftgraph/microsoft-graph-docs/issues/85 */
function answerTooLong(c: Context<ServedEnv>): Response {
  c.get('told').reason = `The body is longer than ${MAX_BYTES} bytes.`
  return /^\/(v1\.0|beta)\//.test(c.req.path)
    ? c.json({ error: { code: 'BadRequest', message: WORDS } }, 413)
    : c.json({ error: 'invalid_request', error_description: WORDS }, 413)
}
