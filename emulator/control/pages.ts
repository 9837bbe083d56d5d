import type { Context, Hono } from 'hono'
import { advanceClock } from '#emulator/control/clock.ts'
import { viewEstate } from '#emulator/control/estate.ts'
import type { Snapshots } from '#emulator/control/snapshots.ts'
import { viewTenant } from '#emulator/control/tenant.ts'
import { givenTokens, readToken } from '#emulator/control/tokens.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { findTenant, listTenants } from '#emulator/directory/tenants.ts'
import { readForm } from '#emulator/form.ts'
import { overviewPage } from '#emulator/pages/inside.ts'
import { type RequestLine, requestsPage } from '#emulator/pages/inside-requests.ts'
import { tenantPage } from '#emulator/pages/inside-tenant.ts'
import { tokenPage, tokensPage } from '#emulator/pages/inside-tokens.ts'
import type { Html } from '#emulator/pages/layout.ts'
import type { Env, World } from '#emulator/world.ts'

const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
const LATEST = 25
const MANY = 500

/** The same levers and views for people: plain pages and forms, no script. */
export function controlPages(
  app: Hono<Env>,
  world: World,
  { reset, snapshots }: { reset(): void; snapshots: Snapshots },
): void {
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
    const { consistency, seed: _, replicas: __, ...questions } = lag.settings()
    const delays = consistency === 'strong' ? [] : Object.entries(questions).filter(([, number]) => number > 0)
    return show(
      c,
      overviewPage({
        origins,
        now: clock.now(),
        offsetSeconds: clock.offset(),
        isStopped: clock.isStopped(),
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
          credentials: `${count(application.secrets, 'secret')}, ${count(application.certificates, 'certificate')}`,
        })),
        requests: latest(world, LATEST),
        snapshots: snapshots.list(),
      }),
    )
  })
  app.get('/requests/page', (c) => {
    const { path = '', tenant = '', refused } = c.req.query()
    const search = { path, tenant, refused: refused === '1', tenants: listTenants(world.directory) }
    return show(c, requestsPage(latest(world, MANY, search), search))
  })
  app.get('/tokens', (c) => show(c, tokensPage(givenTokens(world))))
  app.get('/tenants/:tenant', (c) => {
    const tenant = findTenant(world.directory, c.req.param('tenant'))
    return tenant ? show(c, tenantPage(viewTenant(world, tenant, c.req.query('search') ?? ''))) : c.notFound()
  })
  app.get('/token', (c) => show(c, tokenPage(null)))
  app.post('/token', async (c) => {
    const { token = '' } = await readForm(c.req)
    return show(c, tokenPage(await readToken(world, token.trim())))
  })

  const levers = new Map<string, (form: Record<string, string>) => unknown>(
    Object.entries({
      advance: ({ days, hours }) => advanceClock(clock, { days: Number(days ?? 0), hours: Number(hours ?? 0) }),
      clock: clock.reset,
      mischief: mischief.clear,
      rotate: world.keys.rotate,
      snapshot: snapshots.take,
      restore: ({ id }) => snapshots.restore(String(id)),
      reset,
    }),
  )
  app.post('/levers/:name', async (c) => {
    const pull = levers.get(c.req.param('name'))
    if (!pull) return c.notFound()
    await pull(await readForm(c.req))
    return c.redirect('/_emulator/', 303)
  })
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

const tenantName = ({ directory }: World, id: string): string => findTenant(directory, id)?.displayName ?? id

type Search = { path: string; tenant: string; refused: boolean }
const EVERYTHING: Search = { path: '', tenant: '', refused: false }

/** Newest first. */
const latest = (world: World, count: number, wanted: Search = EVERYTHING): RequestLine[] =>
  world.requests
    .list()
    .filter(
      ({ path, status, tenantId }) =>
        path.toLowerCase().includes(wanted.path.toLowerCase()) &&
        (wanted.tenant === '' || tenantId === wanted.tenant) &&
        (!wanted.refused || status >= 400),
    )
    .slice(-count)
    .reverse()
    .map(({ at, method, path, query, status, tenantId, appId, reason }) => ({
      at,
      method,
      path,
      query,
      status,
      tenant: tenantId === undefined ? '' : tenantName(world, tenantId),
      app: appId === undefined ? '' : (findApplication(world.directory, appId)?.displayName ?? appId),
      reason: reason ?? '',
    }))
