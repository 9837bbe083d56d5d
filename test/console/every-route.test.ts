import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { consoleSite } from '#console/app.ts'
import { DEMO } from '#emulator/index.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { asFleet } from '#store/database/open.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { type Answer, NEWCOMER, openPerson, type Person, send } from '#test/console/support/person.ts'
import { estateForPrograms, tokenFor } from '#test/console/support/programs.ts'
import { connect, FABRIKAM } from '#test/support/installation.ts'
import { aDiagnosis, madeUp } from '#test/support/made-up.ts'
import { seeingAllRows } from '#test/support/seeing-all-rows.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const SECRET_NAME = 'Contoso Secret Holding'
/** Whoever is not signed in meets these, and nothing of any tenant in them. */
const PUBLIC = /^\/(sign-in|sign-out|signed-out|healthz|readyz|assets|api\/v1\/openapi\.json)/
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

type Route = { method: string; path: string }

suite('every route of the console and of the API', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let routes: Route[]
  let untouched: string
  before(async () => {
    site = await openSite(scope, { estate: estateForPrograms })
    await connect(site, FABRIKAM)
    await syncTenant(site.tools, { tenantId: FABRIKAM, signal: new AbortController().signal })
    await asFleet(site.tools.store, ({ db }) =>
      sql`update tenantry.tenants set display_name = ${SECRET_NAME}`.execute(db),
    )
    await raiseAlarm(site.tools, { tenantId: FABRIKAM, diagnosis: aDiagnosis({ code: 'ORIGIN_REFUSED' }) })
    const table = consoleSite(site.tools, { sessionKey: new Uint8Array(32) }).site.routes
    const known = table.filter(({ method, path }) => METHODS.includes(method) && !path.includes('*'))
    routes = [...new Map(known.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values()]
    untouched = await everything()
  })

  /** Whatever an operator's press could change. */
  const everything = async () => {
    const { rows } = await seeingAllRows(site.tools.store, (db) =>
      sql<{ text: string }>`
      select (select jsonb_agg(t) from tenantry.tenants t)::text || (select jsonb_agg(i) from tenantry.incidents i)::text
        || (select coalesce(jsonb_agg(j.id), '[]') from pgboss.job j where j.name not like 'plan%' and j.name <> 'tidy')::text
        || (select count(*) from tenantry.audit where action not like 'console.%')::text as text`.execute(db),
    )
    return rows[0]?.text ?? ''
  }
  const filled = (path: string, id: string) => path.replace(/:tenantId/, id).replace(/:\w+/g, madeUp.objectId())
  const body = (path: string) =>
    path.startsWith('/api/')
      ? { text: JSON.stringify({ reason: 'x', displayName: SECRET_NAME }), type: 'application/json' }
      : { text: `reason=x&name=${encodeURIComponent(SECRET_NAME)}`, type: 'application/x-www-form-urlencoded' }
  const ask = ({ method, path }: Route, id: string, headers: Record<string, string>): Promise<Answer> =>
    send(`${site.url}${filled(path, id)}`, {
      method,
      headers: { origin: site.url, 'content-type': body(path).type, ...headers },
      ...(method === 'GET' ? {} : { body: body(path).text }),
    })
  const cookieOf = (person: Person) => [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ')

  test('A01 the table is all of it', () => {
    const paths = routes.map(({ method, path }) => `${method} ${path}`)
    for (const known of [
      'GET /tenants/:tenantId',
      'POST /tenants/:tenantId/offboard',
      'POST /jobs/:letterId/retry',
      'POST /incidents/:incidentId/close',
      'GET /api/v1/tenants/:tenantId/runs',
      'POST /api/v1/dead-letters/:id/retry',
      'GET /api/v1/credentials',
    ])
      assert.ok(paths.includes(known), known)
    assert.ok(routes.length >= 40, `${routes.length} routes`)
  })

  test('A01 whoever is no operator sees nothing of any tenant and changes nothing, whichever route and role', async () => {
    const noah = openPerson(site)
    await noah.signIn(NEWCOMER)
    const foreign = await tokenFor(site, { tenant: FABRIKAM })
    const ofGraph = await tokenFor(site, { resource: 'https://graph.microsoft.com' })
    const noRole = await tokenFor(site)
    const roles: [string, Record<string, string>, api: number][] = [
      ['a stranger', {}, 401],
      ['somebody signed in without the role', { cookie: cookieOf(noah) }, 401],
      ['a made-up session', { cookie: 'tenantry-operator=eyJhbGciOiJkaXIifQ..a.b.c' }, 401],
      ['the app in a customer’s tenant', { authorization: `Bearer ${foreign}` }, 401],
      ['a token for Microsoft Graph', { authorization: `Bearer ${ofGraph}` }, 401],
      ['a program without the role', { authorization: `Bearer ${noRole}` }, 403],
    ]
    for (const [role, headers, status] of roles)
      for (const route of routes) {
        if (PUBLIC.test(route.path)) continue
        const known = await ask(route, FABRIKAM, headers)
        const unknown = await ask(route, madeUp.tenantId(), headers)
        const where = `${role}: ${route.method} ${route.path}`
        assert.equal(known.status, route.path.startsWith('/api/') ? status : 303, where)
        assert.equal(unknown.status, known.status, `${where}: whether there is such a tenant is not told`)
        const told = (answer: Answer) => [answer.text, answer.headers.location?.replace(/to=.*/, '')]
        assert.deepEqual(told(unknown), told(known), where)
        assert.ok(!known.text.includes(SECRET_NAME), where)
      }
    assert.equal(await everything(), untouched)
  })

  test('A01 an operator meets 404 for every id that is nobody’s, in every route, and nothing is changed', async () => {
    const olivia = openPerson(site)
    await olivia.signIn()
    const headers = { cookie: cookieOf(olivia) }
    const before = await everything()
    const withIds = routes.filter(({ path }) => path.includes(':'))
    for (const route of withIds)
      for (const id of [madeUp.tenantId(), DEMO.contoso, DEMO.home]) {
        const { status, text } = await ask(route, id, headers)
        assert.equal(status, 404, `${route.method} ${route.path} ${id}: ${text.slice(0, 300)}`)
        assert.ok(!text.includes(SECRET_NAME))
      }
    assert.equal(await everything(), before)
  })
})
