import type { Context } from 'hono'
import type { ServedEnv } from '#emulator/server/faults.ts'

/** As proxies say that the client closed the request; nobody hears it, and it stands in the request log. */
const CLIENT_GONE = 499

/** What no room of the emulator has foreseen. A client that hangs up in the middle of its request is no defect. */
export function answerDefect(error: Error, c: Context<ServedEnv>): Response {
  const { incoming } = c.env
  if (incoming.destroyed && !incoming.complete) {
    c.get('told').reason = 'The client went away before it had said everything.'
    return new Response(null, { status: CLIENT_GONE })
  }
  console.error(error)
  return c.text('Internal Server Error', 500)
}
