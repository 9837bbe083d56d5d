import type { Context } from 'hono'
import type { ServedEnv } from '#emulator/server/faults.ts'

/** What Microsoft may have and the emulator has not says so, that nobody takes it for an answer of Microsoft's. */
export function answerUnknown(c: Context<ServedEnv>): Response {
  if (c.req.path.startsWith('/_emulator')) return c.text('404 Not Found', 404)
  const error_description = `The emulator does not know ${c.req.method} ${c.req.path}.`
  c.get('told').reason = error_description
  return c.json({ error: 'not_implemented', error_description }, 501)
}
