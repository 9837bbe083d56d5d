import { readFileSync } from 'node:fs'
import { Hono, type MiddlewareHandler } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { showNotThatWay, showNowhere, showProblem, showRefusal, showTooOften } from '#console/answers.ts'
import { apiRoutes } from '#console/api/app.ts'
import type { Door, Env } from '#console/door.ts'
import * as all from '#console/fleet-routes.ts'
import { type FleetWatch, watchFleet } from '#console/fleet-watch.ts'
import * as watch from '#console/incident-routes.ts'
import { metrics } from '#console/metrics.ts'
import { openSessions } from '#console/session.ts'
import * as entrance from '#console/session-routes.ts'
import * as one from '#console/tenant-routes.ts'
import { openAddressOf } from '#pages/address-of.ts'
import { openAssets } from '#pages/assets.ts'
import { guard } from '#pages/guard.ts'
import { openRateLimit } from '#pages/rate-limit.ts'
import { openStreams } from '#pages/streams.ts'
import { pingStore } from '#store/database/ping-store.ts'
import type { Tools } from '#tools.ts'

const STYLE = new URL('./assets/console.css', import.meta.url)
/** A whole company may stand behind one address. */
const SIGN_INS = { burst: 60, perMinute: 60 }

/**
 * The operator's site and the HTTP API. Everything but health, metrics and the way in is for operators.
 * @param options.sessionKey 32 bytes that seal cookies; the same in every web process
 */
export function openConsole(tools: Tools, { sessionKey }: { sessionKey: Uint8Array }): Hono {
  const { site, fleet } = consoleSite(tools, { sessionKey })
  // A scraper on this machine does not know the console's name.
  const outside = new Hono()
  outside.get('/metrics', metrics(fleet, tools))
  outside.all('*', (c) => site.fetch(c.req.raw, c.env))
  return outside
}

/** What answers under the console's own name. Its `routes` are the table that the tests go through. */
export function consoleSite(
  tools: Tools,
  { sessionKey }: { sessionKey: Uint8Array },
): { site: Hono<Env>; fleet: FleetWatch } {
  const { config, clock, store } = tools
  const assets = openAssets([{ name: 'console.css', text: readFileSync(STYLE, 'utf8') }])
  const door: Door = {
    tools,
    site: { app: config.app, assets, label: 'Console' },
    sessions: openSessions({ key: sessionKey, https: config.consoleUrl.startsWith('https:'), clock }),
    fleet: watchFleet(tools),
    streams: openStreams(),
  }
  const app = guard<Env>({
    url: config.consoleUrl,
    refuse: (c, refusal) => showRefusal(c, door, refusal),
  })
  app.onError((error, c) => showProblem(c, door, error))
  app.notFound((c) => showNowhere(c, door))
  app.use(methodNotAllowed({ app, onMethodNotAllowed: (c, methods) => showNotThatWay(c, door, methods) }))

  app.get('/healthz', (c) => c.text('alive\n'))
  app.get('/readyz', async (c) => ((await pingStore(store)) ? c.text('ready\n') : c.text('no database\n', 503)))
  app.route('/', assets.routes)
  app.route('/api/v1', apiRoutes(door))

  const limit = signInLimit(door)
  app.get('/sign-in', entrance.signIn(door))
  app.post('/sign-in', limit, entrance.begin(door))
  app.get('/sign-in/callback', limit, entrance.callback(door))
  app.get('/sign-in/refused', entrance.refused(door))
  app.post('/sign-out', entrance.signOut(door))
  app.get('/signed-out', entrance.signedOut(door))

  const operators = entrance.onlyOperators(door)
  app.get('/', operators, all.overview(door))
  app.get('/audit', operators, all.audit(door))
  app.get('/jobs', operators, watch.jobs(door))
  app.post('/jobs/:letterId/retry', operators, watch.retryJob(door))
  app.get('/incidents', operators, watch.incidents(door))
  app.post('/incidents/:incidentId/close', operators, watch.closeIncident(door))
  app.get('/tenants', operators, all.tenants(door))
  app.get('/tenants/:tenantId', operators, one.tenant(door))
  app.get('/tenants/:tenantId/events', operators, one.events(door))
  app.get('/tenants/:tenantId/script', operators, one.script(door))
  app.post('/tenants/:tenantId/verify', operators, one.verify(door))
  app.post('/tenants/:tenantId/sync', operators, one.sync(door))
  app.post('/tenants/:tenantId/allow-removal', operators, one.allowRemoval(door))
  app.post('/tenants/:tenantId/pause', operators, one.pause(door))
  app.post('/tenants/:tenantId/resume', operators, one.resume(door))
  app.post('/tenants/:tenantId/jobs/:letterId/retry', operators, one.retryJob(door))
  app.get('/tenants/:tenantId/offboard', operators, one.confirmOffboard(door))
  app.post('/tenants/:tenantId/offboard', operators, one.offboard(door))

  return { site: app, fleet: door.fleet }
}

function signInLimit(door: Door): MiddlewareHandler<Env> {
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
