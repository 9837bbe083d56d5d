import type { Hono, MiddlewareHandler } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { openAddressOf } from '#pages/address-of.ts'
import { openAssets } from '#pages/assets.ts'
import { guard } from '#pages/guard.ts'
import { openRateLimit } from '#pages/rate-limit.ts'
import { openStreams } from '#pages/streams.ts'
import { show, showNotThatWay, showNowhere, showProblem, showRefusal, showTooOften } from '#signup/answers.ts'
import { openSignUpCookies } from '#signup/cookies.ts'
import type { Door } from '#signup/door.ts'
import * as entrance from '#signup/entrance-routes.ts'
import * as grants from '#signup/grant-routes.ts'
import { leaveView } from '#signup/views/leave-view.ts'
import * as watching from '#signup/watching-routes.ts'
import { pingStore } from '#store/database/ping-store.ts'
import type { Tools } from '#tools.ts'

/** A person needs two of these for a sign-up; a whole office behind one address gets through. */
const SIGN_INS = { burst: 60, perMinute: 60 }

/**
 * The customer's site.
 * @param input.sessionKey 32 bytes that seal cookies; the same in every web process
 */
export function openSignup(tools: Tools, { sessionKey }: { sessionKey: Uint8Array }): Hono {
  const { config, clock, store } = tools
  const assets = openAssets()
  const door: Door = {
    tools,
    site: { app: config.app, assets, footer: entrance.footer },
    cookies: openSignUpCookies(config, sessionKey, clock),
    streams: openStreams(),
  }
  const app = guard({
    url: config.publicUrl,
    refuse: (c, refusal) => showRefusal(c, door, refusal),
  })
  app.onError((error, c) => showProblem(c, door, error))
  app.notFound((c) => showNowhere(c, door))
  app.use(methodNotAllowed({ app, onMethodNotAllowed: (c, methods) => showNotThatWay(c, door, methods) }))
  const limit = signInLimit(door)

  app.get('/', entrance.landing(door))
  app.post('/sign-up', limit, entrance.begin(door))
  app.get('/sign-up/callback', limit, entrance.callback(door))
  app.post('/sign-up/sign-out', entrance.signOut(door))
  app.get('/sign-up/signed-out', entrance.signedOut(door))
  app.get('/sign-up/welcome', grants.welcome(door))
  app.post('/sign-up/grant', limit, grants.grant(door))
  app.get('/sign-up/progress', grants.progress(door))
  app.get('/sign-up/events', grants.events(door))
  app.get('/sign-up/script', grants.script(door))
  app.post('/sign-up/check', limit, grants.check(door))
  app.get('/sign-up/connected', watching.connected(door))
  app.get('/sign-up/arrivals', watching.arriving(door))
  app.get('/leave', (c) => show(c, door, leaveView(config.app, config.cloud, config.clientId)))
  app.get('/healthz', (c) => c.text('alive\n'))
  app.get('/readyz', async (c) => ((await pingStore(store)) ? c.text('ready\n') : c.text('no database\n', 503)))
  app.route('/', assets.routes)
  return app
}

function signInLimit(door: Door): MiddlewareHandler {
  const { clock, config } = door.tools
  const limit = openRateLimit({ clock, ...SIGN_INS })
  const addressOf = openAddressOf(config.trustedProxies)
  return async (c, next) => {
    const seconds = limit.secondsToWait(addressOf(c))
    if (seconds === null) return next()
    c.header('retry-after', String(seconds))
    return showTooOften(c, door)
  }
}
