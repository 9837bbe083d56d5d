import type { Context, Hono } from 'hono'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { advanceClock } from '#emulator/control/clock.ts'
import { viewEstate } from '#emulator/control/estate.ts'
import { viewTenant } from '#emulator/control/tenant.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { findTenant } from '#emulator/directory/tenants.ts'
import {
  overviewPage,
  type ReadToken,
  type RequestLine,
  requestsPage,
  tenantPage,
  tokenPage,
} from '#emulator/pages/inside.ts'
import type { Html } from '#emulator/pages/layout.ts'
import type { Env, World } from '#emulator/world.ts'

const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
const LATEST = 25
const MANY = 500

/** The same levers and views for people: plain pages and forms, no script. */
export function controlPages(app: Hono<Env>, world: World, { reset }: { reset(): void }): void {
  const { clock, mischief, lag, origins } = world
  const show = (c: Context, page: Html) =>
    c.html(page, 200, {
      'content-security-policy': POLICY,
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })

  app.get('/', (c) => {
    const estate = viewEstate(world)
    const delays = Object.entries(lag.settings()).filter(([, count]) => typeof count === 'number' && count > 0)
    return show(
      c,
      overviewPage({
        origins,
        now: clock.now(),
        offsetSeconds: clock.offset(),
        faults: mischief.rules().map(
          (rule) =>
            rule.word ??
            `${rule.at}: ${Object.keys(rule)
              .filter((key) => !['at', 'match', 'nth'].includes(key))
              .join(', ')}`,
        ),
        lag: delays.length === 0 ? 'none' : delays.map(([kind, count]) => `${kind} ${count}`).join(', '),
        tenants: estate.tenants,
        applications: estate.applications.map((application) => ({
          ...application,
          homeTenant: tenantName(world, application.homeTenant),
          credentials: `${application.secrets} secrets, ${application.certificates} certificates`,
        })),
        requests: latest(world, LATEST),
      }),
    )
  })
  app.get('/requests/page', (c) => show(c, requestsPage(latest(world, MANY))))
  app.get('/tenants/:tenant', (c) => {
    const tenant = findTenant(world.directory, c.req.param('tenant'))
    return tenant ? show(c, tenantPage(viewTenant(world, tenant))) : c.notFound()
  })
  app.get('/token', (c) => show(c, tokenPage(null)))
  app.post('/token', async (c) => {
    const { token } = await c.req.parseBody()
    return show(c, tokenPage(await readToken(world, typeof token === 'string' ? token.trim() : '')))
  })

  const levers: Record<string, (form: Record<string, unknown>) => unknown> = {
    advance: ({ days, hours }) => advanceClock(clock, { days: Number(days ?? 0), hours: Number(hours ?? 0) }),
    clock: clock.reset,
    mischief: mischief.clear,
    rotate: world.keys.rotate,
    reset,
  }
  app.post('/levers/:name', async (c) => {
    const pull = levers[c.req.param('name')]
    if (!pull) return c.notFound()
    await pull(await c.req.parseBody())
    return c.redirect('/_emulator/', 303)
  })
}

const tenantName = ({ directory }: World, id: string): string => findTenant(directory, id)?.displayName ?? id

/** Newest first. */
const latest = (world: World, count: number): RequestLine[] =>
  world.requests
    .list()
    .slice(-count)
    .reverse()
    .map(({ at, method, path, status, tenantId, appId, reason }) => ({
      at,
      method,
      path,
      status,
      tenant: tenantId === undefined ? '' : tenantName(world, tenantId),
      app: appId === undefined ? '' : (findApplication(world.directory, appId)?.displayName ?? appId),
      reason: reason ?? '',
    }))

async function readToken(world: World, token: string): Promise<ReadToken | { problem: string }> {
  try {
    const claims = decodeJwt(token)
    const keys: JSONWebKeySet = { keys: world.keys.published().map(({ kid, publicJwk }) => ({ ...publicJwk, kid })) }
    const isOurs = await jwtVerify(token, createLocalJWKSet(keys), {
      currentDate: new Date((claims.iat ?? 0) * 1000),
    }).then(
      () => true,
      () => false,
    )
    const isAlive = (claims.exp ?? 0) > world.clock.seconds()
    return {
      header: JSON.stringify(decodeProtectedHeader(token), null, 2),
      claims: JSON.stringify(claims, null, 2),
      verdicts: [
        { good: isOurs, words: isOurs ? 'signed by this emulator' : 'not signed by this emulator' },
        { good: isAlive, words: isAlive ? 'not expired' : 'expired' },
      ],
    }
  } catch {
    return { problem: 'This is no JSON Web Token.' }
  }
}
