import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Next } from 'hono'
import { refuseTooLong } from '#emulator/server/body-limit.ts'
import { answerDefect } from '#emulator/server/defect.ts'
import { carryOut, type ServedEnv } from '#emulator/server/faults.ts'
import { isOurHost } from '#emulator/server/hosts.ts'
import { occasionOf } from '#emulator/server/occasion.ts'
import type { World } from '#emulator/world.ts'

/** What stands ready as bytes goes straight to the socket. */
function sendReady(c: Context<ServedEnv>): Response | undefined {
  const ready = c.get('ready')
  if (!ready) return undefined
  c.env.outgoing.writeHead(ready.status, ready.headers).end(ready.body)
  return RESPONSE_ALREADY_SENT
}

/** A sign-in under way is nobody's business. */
const SIGN_IN_PAGE = /^\/_signin\/.*/

/** Where nobody has said why. */
const WITHOUT_WORDS: Partial<Record<number, string>> = {
  405: 'This address does not know this method.',
  500: 'This is a defect of the emulator.',
}

/** First and last of every request: refuses strangers' names, lets mischief strike, and writes the request log. */
export const watch =
  (world: World, closing: AbortSignal) =>
  async (c: Context<ServedEnv>, next: Next): Promise<Response | undefined> => {
    c.set('told', {})
    if (!isOurHost(c.req.header('host')))
      return c.text('The emulator answers to the names of this machine only, not to this Host header.\n', 421)
    // What fails here would be answered elsewhere, and stand in no log.
    const refused = await refuseTooLong(c).catch((error: Error) => answerDefect(error, c))
    if (c.req.path.startsWith('/_emulator')) {
      if (refused) return refused
      await next()
      return
    }
    // Browsers ask for it by themselves, and nobody wants to read of it.
    if (c.req.path === '/favicon.ico') return c.body(null, 204)
    const at = world.clock.now()
    const occasion = world.mischief.rules().length > 0 && !refused ? await occasionOf(world, c.req) : null
    const answered =
      refused ??
      (await carryOut(c, next, occasion ? world.mischief.hit(occasion) : [], { closing, now: at })) ??
      sendReady(c)
    // Hono keeps the first answer; what has been sent and cut already must not be sent again.
    if (answered && c.finalized) {
      c.res = undefined
      c.res = answered
    }
    const { url } = c.req
    const mark = url.indexOf('?')
    const status = c.get('ready')?.status ?? (answered ?? c.res).status
    world.requests.add({
      at,
      host: c.req.header('host') ?? '',
      method: c.req.method,
      path: c.req.path.replace(SIGN_IN_PAGE, '/_signin/[id]'),
      query: mark === -1 ? '' : url.slice(mark),
      status,
      ...(status >= 400 ? { reason: WITHOUT_WORDS[status] ?? `answered ${status}` } : {}),
      ...(occasion?.tenantId ? { tenantId: occasion.tenantId } : {}),
      ...(occasion?.appId ? { appId: occasion.appId } : {}),
      ...c.get('told'),
    })
    return answered
  }
