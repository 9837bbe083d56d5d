import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { openConsole } from '#console/app.ts'
import { openSignup } from '#signup/app.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { connectTenant } from '#store/tenants.ts'
import { FABRIKAM, peopleOf } from '#test/signup/support/customers.ts'
import { openSite, type Site } from '#test/signup/support/open-site.ts'
import { openVisitor, type Visitor } from '#test/signup/support/visitor.ts'
import { madeUp } from '#test/support/made-up.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const SECRET_NAME = 'Fabrikam Secret Holding'
const METHODS = ['GET', 'POST']

suite('every route of the landing page', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let untouched: string
  before(async () => {
    site = await openSite(scope)
    await asTenant(site.tools.store, FABRIKAM, (handle) =>
      connectTenant(handle, {
        displayName: SECRET_NAME,
        defaultDomain: 'secret.example',
        servicePrincipalId: madeUp.objectId(),
        actor: 'administrator:test',
      }),
    )
    untouched = await ofFabrikam()
  })
  const ofFabrikam = async () => {
    const { rows } = await asFleet(site.tools.store, ({ db }) =>
      sql<{ text: string }>`
        select (select jsonb_agg(t) from tenantry.tenants t where id = ${FABRIKAM})::text
          || (select jsonb_agg(a) from tenantry.audit a where tenant_id = ${FABRIKAM})::text as text`.execute(db),
    )
    return rows[0]?.text ?? ''
  }
  const routes = () => {
    const table = openSignup(site.tools, { sessionKey: new Uint8Array(32) }).routes
    const known = table.filter(({ method, path }) => METHODS.includes(method) && !path.includes('*'))
    return [...new Map(known.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values()]
  }

  test('A01 neither a stranger nor another tenant’s administrator learns of a tenant or changes it, whichever route', async () => {
    const { globalAdministrator, user } = peopleOf('contoso.onmicrosoft.com')
    const stages: [string, () => Promise<Visitor>][] = [
      ['a stranger', async () => openVisitor(site)],
      ['an administrator on the way', async () => withStep(globalAdministrator)],
      ['an ordinary person on the way', async () => withStep(user)],
    ]
    site.emulator.requests.clear()
    let tried = 0
    for (const [role, open] of stages)
      for (const { method, path } of routes()) {
        const visitor = await open()
        const query = `tenant=${FABRIKAM}&tenantId=${FABRIKAM}&tid=${FABRIKAM}&signUpId=${madeUp.signUpId()}`
        const page =
          method === 'POST'
            ? await visitor.post(`${path}?${query}`, { tenant: FABRIKAM, tenantId: FABRIKAM, tid: FABRIKAM })
            : await visitor.get(`${path}?${query}`, { stay: path.endsWith('events') || path.endsWith('arrivals') })
        assert.ok(!page.text.includes('Secret Holding') && !page.text.includes('secret.example'), `${role}: ${path}`)
        assert.ok(page.status < 500, `${role}: ${method} ${path} answers ${page.status}`)
        tried += 1
      }
    assert.ok(tried >= 50, `${tried} tries`)
    assert.equal(await ofFabrikam(), untouched)
    const asked = site.emulator.requests.list({ tenantId: FABRIKAM, path: '/v1.0/|/token' })
    assert.deepEqual(asked, [], 'nobody spoke with Microsoft in that tenant’s name')
  })

  test('A05 nothing here takes a notification: no address echoes a validation token, nor stores what is sent to it', async () => {
    const token = 'canary-validation-token'
    const notice = JSON.stringify({
      value: [{ subscriptionId: madeUp.objectId(), clientState: 'forged', tenantId: FABRIKAM }],
    })
    const desk = openConsole(site.tools, { sessionKey: new Uint8Array(32) })
    for (const path of [...new Set(routes().map((route) => route.path)), '/notifications', '/api/v1/notifications']) {
      const page = await openVisitor(site).post(
        `${path}?validationToken=${token}`,
        {},
        {
          body: notice,
          headers: { 'content-type': 'application/json' },
          stay: true,
        },
      )
      assert.ok(!page.text.includes(token), path)
      const { consoleUrl } = site.config
      const answer = await desk.fetch(
        new Request(`${consoleUrl}${path}?validationToken=${token}`, {
          method: 'POST',
          body: notice,
          headers: { host: new URL(consoleUrl).host, 'content-type': 'application/json' },
        }),
      )
      assert.ok(answer.status >= 300, path)
      assert.ok(!(await answer.text()).includes(token), path)
    }
    assert.equal(await ofFabrikam(), untouched)
  })

  const withStep = async (username: string): Promise<Visitor> => {
    const visitor = openVisitor(site)
    visitor.cookies.clear()
    for (const [name, value] of await stepOf(username)) visitor.cookies.set(name, value)
    return visitor
  }
  const steps = new Map<string, Promise<ReadonlyMap<string, string>>>()
  const stepOf = (username: string) => {
    const known = steps.get(username) ?? arrive(username)
    steps.set(username, known)
    return known
  }
  const arrive = async (username: string) => {
    const visitor = openVisitor(site)
    const page = await visitor.arrive(username)
    assert.ok(page.text.length > 0)
    return new Map(visitor.cookies)
  }
})

suite('very many who begin', { concurrency: false }, () => {
  const scope = suiteScope()

  test('A06 ten thousand sign-ups fill a table that has an end: the oldest make room, and nobody is kept out', async () => {
    const site = await openSite(scope)
    const { store } = site.tools
    const { globalAdministrator } = peopleOf('contoso.onmicrosoft.com')
    const [forgotten, signedIn, midway] = [openVisitor(site), openVisitor(site), openVisitor(site)]
    const tooLate = await forgotten.comeBack(globalAdministrator)
    await signedIn.arrive(globalAdministrator)
    await asFleet(store, ({ db }) =>
      sql`
        insert into tenantry.sign_ups (id, state_hash, state, created_at, expires_at, updated_at)
        select gen_random_uuid(), 'flood-' || n, 'begun', now(), now() + interval '15 minutes', now()
        from generate_series(1, 9990) n`.execute(db),
    )
    const back = await midway.comeBack(globalAdministrator)
    const begin = () => openVisitor(site).post('/sign-up', {}, { stay: true })
    for (let turn = 0; turn < 5; turn++)
      for (const { status } of await Promise.all(Array.from({ length: 20 }, begin))) assert.equal(status, 200)
    const count = () =>
      asFleet(store, async ({ db }) => {
        const { rows } = await sql<{ count: number }>`select count(*)::int as count from tenantry.sign_ups`.execute(db)
        return rows[0]?.count ?? 0
      })
    const [rows, concurrent] = [await count(), 20]
    assert.ok(rows <= 10_001 + concurrent, `${rows} rows`)

    assert.equal((await signedIn.get('/sign-up/welcome')).heading, 'Connect Contoso?', 'who has signed in goes on')
    assert.equal((await midway.get(back)).path, '/sign-up/welcome', 'who is at Microsoft arrives')
    const { status, text } = await forgotten.get(tooLate)
    assert.equal(status, 400)
    assert.match(text, /This sign-up is not known/)
    assert.equal((await forgotten.arrive(globalAdministrator)).path, '/sign-up/welcome', 'and may begin again')
    await asFleet(store, ({ db }) =>
      sql`update tenantry.sign_ups set expires_at = now() - interval '1 day', created_at = now() - interval '2 days'`.execute(
        db,
      ),
    )
    assert.equal((await begin()).status, 200, 'and when they never come back, they go')
    assert.ok((await count()) < 10, `${await count()} rows`)
  })
})
