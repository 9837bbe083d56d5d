import assert from 'node:assert/strict'
import { afterEach, before, beforeEach, suite, test } from 'node:test'
import { appToken } from '#entra/app-token.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import type { AppRoleId, TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { updateSignUp } from '#store/sign-ups.ts'
import { CONTOSO, FABRIKAM, peopleOf, permissions } from '#test/signup/support/customers.ts'
import { openSite, type Site } from '#test/signup/support/open-site.ts'
import { openVisitor, type Page, type Visitor } from '#test/signup/support/visitor.ts'
import { everythingStored, newestSignUp } from '#test/signup/support/what-is-stored.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { refusedWith } from '#test/support/problem.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const { globalAdministrator, privilegedRoleAdministrator, applicationAdministrator } =
  peopleOf('fabrikam.onmicrosoft.com')
const STEP = 'tenantry-sign-up-step'
const MINUTE = 60_000

suite('granting', { concurrency: false }, () => {
  const scope = suiteScope()
  const clock = hurriedClock()
  let site: Site
  let untouched = ''
  before(async () => {
    site = await openSite(scope, { clock })
    untouched = site.emulator.snapshot()
  })
  beforeEach(() => {
    site.emulator.restore(untouched)
  })
  afterEach(() => {
    site.emulator.lag.clear()
    site.emulator.mischief.clear()
  })

  /** Watches the progress page until it has come to an end. */
  const outcome = (visitor: Visitor): Promise<Page> =>
    until('the sign-up has ended', async () => {
      const page = await visitor.get('/sign-up/progress')
      return page.heading === 'Connecting your organisation' ? null : page
    })
  const assignments = () =>
    site.emulator.requests.list({ path: 'appRole(Assignments|AssignedTo)$' }).filter(({ method }) => method === 'POST')
  const rolesNow = async (tenantId: TenantId) =>
    [...(await appToken(site.tools.entra, tenantId, { fresh: true })).roles].sort()
  const declared = permissions.map(({ value }) => value).sort()
  /** A role that waits to be activated is the likeliest reason why one who may grant cannot. */
  const saysToSignInAgain = ({ text }: Page) => {
    assert.match(text, /has to be activated first, activate it, then sign in again/)
    assert.match(text, new RegExp(`action="/sign-up"[\\s\\S]*?value="${FABRIKAM}"[\\s\\S]*?Sign in again`))
  }

  test('a Global Administrator sees the plan, grants, and watches the first users arrive', async () => {
    const grace = openVisitor(site)
    const welcome = await grace.arrive(globalAdministrator)
    assert.equal(welcome.status, 200)
    for (const shown of ['Fabrikam', 'fabrikam.onmicrosoft.com', FABRIKAM, 'Grace Admin', globalAdministrator])
      assert.ok(welcome.text.replaceAll('<wbr>', '').includes(shown), shown)
    assert.equal(welcome.text.match(/Will be added/g)?.length, permissions.length)
    assert.ok(!welcome.text.includes('Ways to go on'))
    assert.match(welcome.text, /Microsoft added Northwind Insights to your enterprise applications/, 'it is there now')
    assert.doesNotMatch(welcome.text, /Nothing has been changed/)
    assert.equal(assignments().length, 0, 'nothing is granted by looking')
    assert.equal(
      (await grace.get('/sign-up/connected')).path,
      '/sign-up/welcome',
      'nor connected by asking for the page',
    )

    await grace.post('/sign-up/grant')
    const connected = await outcome(grace)
    assert.equal(connected.path, '/sign-up/connected')
    assert.equal(connected.heading, 'Fabrikam is connected')
    assert.deepEqual(await rolesNow(FABRIKAM), declared)
    const { tenant } = await showTenant(site.tools, FABRIKAM)
    assert.equal(tenant.state, 'active')
    assert.equal(grace.cookies.has(STEP), false, 'the administrator’s token is gone')

    assert.match(connected.text, /The reading begins in a moment/)
    await syncTenant(site.tools, { tenantId: FABRIKAM, signal: AbortSignal.timeout(60_000) })
    const live = await grace.get('/sign-up/arrivals')
    assert.match(live.headers['content-type'] ?? '', /^text\/event-stream/)
    assert.match(live.text, /Every page of your directory has been read/)
    assert.match(live.text, /event: end/)
    assert.match(live.text, />Grace Admin</)
  })

  test('T12 of the administrator’s token nothing is left behind', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    await grace.post('/sign-up/grant')
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
    const stored = await everythingStored(site.tools.store)
    assert.ok(
      stored.includes(FABRIKAM) && stored.includes('sign-up.connected'),
      'all tables were really looked through',
    )
    assert.doesNotMatch(stored, /eyJ[\w-]{8,}\./)
    for (const [name, value] of grace.cookies) assert.ok(value.length < 1_000, `${name} is too small to hold a token`)
    assert.equal((await grace.post('/sign-up/grant')).status, 400, 'and the step cannot be repeated')
  })

  test('T10 what a form sends along decides nothing', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    const directoryWrite = '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8' as AppRoleId
    await grace.post(`/sign-up/grant?appRoleId=${directoryWrite}&tenant=${CONTOSO}`, {
      appRoleId: directoryWrite,
      principalId: CONTOSO,
      resourceId: CONTOSO,
      tenantId: CONTOSO,
      scope: 'RoleManagement.ReadWrite.Directory',
    })
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
    assert.deepEqual(await rolesNow(FABRIKAM), declared)
    await refusedWith('SERVICE_PRINCIPAL_MISSING', () => appToken(site.tools.entra, CONTOSO, { fresh: true }))
  })

  test('what is there in part is not called nothing', async () => {
    await site.emulator.directory.addServicePrincipal({ tenant: FABRIKAM, app: site.config.clientId })
    for (const permission of declared.slice(1))
      await site.emulator.directory.grantPermission({ tenant: FABRIKAM, app: site.config.clientId, permission })
    const welcome = await openVisitor(site).arrive(globalAdministrator)
    assert.match(welcome.text, /Some permissions are there already\. When you grant, one permission is added/)
    assert.doesNotMatch(welcome.text, /can do nothing by itself/)
  })

  test('what was granted before is recognised, and granted no second time', async () => {
    const first = openVisitor(site)
    await first.arrive(globalAdministrator)
    await first.post('/sign-up/grant')
    await outcome(first)
    const before = assignments().length
    const second = openVisitor(site)
    const welcome = await second.arrive(privilegedRoleAdministrator)
    assert.equal(welcome.text.match(/Present/g)?.length, permissions.length)
    await second.post('/sign-up/grant')
    assert.equal((await outcome(second)).path, '/sign-up/connected')
    assert.equal(assignments().length, before)
  })

  test('what somebody granted by hand before the sign-up is not asked for again', async () => {
    await site.emulator.directory.addServicePrincipal({ tenant: CONTOSO, app: site.config.clientId })
    for (const permission of declared)
      await site.emulator.directory.grantPermission({ tenant: CONTOSO, app: site.config.clientId, permission })
    const welcome = await openVisitor(site).arrive(peopleOf('contoso.onmicrosoft.com').globalAdministrator)
    assert.equal(welcome.heading, 'Connect Contoso?')
    assert.match(welcome.text, /Every permission is there already/)
  })

  test('whoever comes back to what is connected is told so, and when it was confirmed, unless something is missing', async () => {
    const first = openVisitor(site)
    await first.arrive(globalAdministrator)
    await first.post('/sign-up/grant')
    await outcome(first)
    const later = openVisitor(site)
    const welcome = await later.arrive(globalAdministrator)
    assert.equal(welcome.heading, 'Fabrikam is connected already')
    const today = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(clock.now())
    assert.match(welcome.text, new RegExp(`the connection was confirmed on ${today}`))
    assert.match(welcome.text, /Check the connection/)
    await later.post('/sign-up/grant')
    assert.equal((await outcome(later)).path, '/sign-up/connected')

    await site.emulator.directory.revokePermission({
      tenant: FABRIKAM,
      app: site.config.clientId,
      permission: declared[0] ?? '',
    })
    const missing = await openVisitor(site).arrive(globalAdministrator)
    assert.equal(missing.heading, 'Connect Fabrikam?')
    assert.match(missing.text, /When you grant, one permission is added/)
  })

  test('pressing twice grants once', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    const before = assignments().length
    await Promise.all([
      grace.post('/sign-up/grant', {}, { stay: true }),
      grace.post('/sign-up/grant', {}, { stay: true }),
    ])
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
    assert.equal(assignments().length, before + permissions.length)
  })

  test('G07 Microsoft’s lag is waited out', async () => {
    site.emulator.lag.set({ servicePrincipalReads: 2, assignmentWrites: 2, assignmentTokens: 3 })
    const grace = openVisitor(site)
    assert.equal((await grace.arrive(globalAdministrator)).status, 200)
    await grace.post('/sign-up/grant')
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
    assert.deepEqual(await rolesNow(FABRIKAM), declared)
  })

  test('T04 who may not grant is told before, may try, and hands over by link or script', async () => {
    const adam = openVisitor(site)
    const welcome = await adam.arrive(applicationAdministrator)
    assert.match(welcome.text, /Your directory role probably does not allow this/)
    assert.match(welcome.text, /Grant and connect/)
    saysToSignInAgain(welcome)
    await adam.post('/sign-up/grant')
    const refused = await outcome(adam)
    assert.equal(refused.heading, 'Another administrator has to finish this')
    saysToSignInAgain(refused)
    assert.ok(refused.text.includes(`${site.url}/?tenant=${FABRIKAM}`))

    const script = await adam.get('/sign-up/script')
    assert.match(script.headers['content-type'] ?? '', /^text\/plain/)
    assert.match(script.headers['content-disposition'] ?? '', /attachment/)
    assert.match(script.text, /^#!\/usr\/bin\/env bash\n/)
    for (const wanted of [FABRIKAM, site.config.clientId, ...declared]) assert.ok(script.text.includes(wanted), wanted)

    const early = await adam.post('/sign-up/check')
    assert.match(early.text, /Not granted yet/)
    assert.doesNotMatch((await adam.get('/sign-up/progress')).text, /Not granted yet/, 'a finding is shown once')

    const priya = openVisitor(site)
    await priya.arrive(privilegedRoleAdministrator, { invitation: FABRIKAM })
    await priya.post('/sign-up/grant')
    assert.equal((await outcome(priya)).path, '/sign-up/connected')
    assert.equal((await adam.post('/sign-up/check')).path, '/sign-up/connected', 'Adam’s page recognises it')
  })

  test('what somebody grants by hand is recognised', async () => {
    const adam = openVisitor(site)
    await adam.arrive(applicationAdministrator)
    await adam.post('/sign-up/grant')
    await outcome(adam)
    for (const permission of declared.slice(1))
      await site.emulator.directory.grantPermission({ tenant: FABRIKAM, app: site.config.clientId, permission })
    const partly = await adam.post('/sign-up/check')
    assert.match(partly.text, new RegExp(`Still missing: <code>${declared[0]}</code>`))
    await site.emulator.directory.grantPermission({
      tenant: FABRIKAM,
      app: site.config.clientId,
      permission: declared[0] ?? '',
    })
    assert.equal((await adam.post('/sign-up/check')).path, '/sign-up/connected')
  })

  test('a look that finds nothing out does not say that nothing was granted', async () => {
    const adam = openVisitor(site)
    await adam.arrive(applicationAdministrator)
    await adam.post('/sign-up/grant')
    await outcome(adam)
    site.emulator.mischief.add({ at: 'token', answer: { status: 503 } })
    const { text } = await adam.post('/sign-up/check')
    assert.match(text, /We could not look just now/)
    assert.match(text, /Please check again later/)
    assert.doesNotMatch(text, /Not granted yet|give Microsoft a minute/)
  })

  test('the progress is sent live, and its end leads on', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    await grace.post('/sign-up/grant', {}, { stay: true })
    const { status, headers, text } = await grace.get('/sign-up/events')
    assert.equal(status, 200)
    assert.equal(headers['cache-control'], 'no-store')
    assert.match(text, /event: show\ndata: /)
    assert.match(text, /event: go\ndata: \/sign-up\/connected\n/)
  })

  test('a failure ends the live page with its reason, and trying again goes on', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    site.emulator.mischief.add({
      at: 'graph',
      match: { method: 'POST', path: 'appRoleAssignedTo' },
      answer: { status: 501, body: '{"error":{"code":"notImplemented","message":"no"}}' },
    })
    await grace.post('/sign-up/grant', {}, { stay: true })
    const live = await grace.get('/sign-up/events')
    assert.match(live.text, /event: go\ndata: \/sign-up\/progress\n/)
    const failed = await grace.get('/sign-up/progress')
    assert.match(failed.text, /Try again/)
    assert.match(
      failed.text,
      /Northwind Software’s side is not set up as it should be\. Nothing is wrong in your organ/,
    )
    assert.doesNotMatch(failed.text, /data-live/, 'and stays there')
    site.emulator.mischief.clear()
    await grace.post('/sign-up/grant', {}, { stay: true })
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
  })

  test('whose sign-in has ended at Microsoft signs in again, and everything goes on', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    site.emulator.clock.advance({ hours: 2 })
    const welcome = await grace.get('/sign-up/welcome')
    assert.deepEqual([welcome.status, welcome.heading], [403, 'Please sign in again'])
    assert.match(welcome.text, /Start again/)
    assert.doesNotMatch(welcome.text, /Go on with your sign-up/)

    await grace.post('/sign-up/grant')
    const failed = await outcome(grace)
    assert.equal(failed.heading, 'Please sign in again')
    assert.match(failed.text, /SIGN_IN_ENDED/)
    assert.doesNotMatch(failed.text, /Try again/)
    assert.match(failed.text, new RegExp(`action="/sign-up"[\\s\\S]*value="${FABRIKAM}"[\\s\\S]*Sign in again`))
    site.emulator.restore(untouched)
    await grace.arrive(globalAdministrator, { invitation: FABRIKAM })
    await grace.post('/sign-up/grant')
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
  })

  test('R01 a sign-up whose process died says so, and goes on where it was', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    const signUpId = await newestSignUp(site.tools.store)
    await asFleet(site.tools.store, (sql) => updateSignUp(sql, signUpId, { state: 'granting' }))
    assert.doesNotMatch((await grace.get('/sign-up/progress')).text, /has not moved/)
    await clock.sleep(MINUTE)
    const still = await grace.get('/sign-up/progress')
    assert.match(still.text, /This has not moved for a while/)
    assert.match(still.text, /Going on is safe: what has been done is recognised, nothing is done twice\./)
    assert.match(still.text, /action="\/sign-up\/grant">[\s\S]*?>Go on</)
    assert.doesNotMatch(still.text, /class="spinner"|less than a minute/, 'nothing turns, and nothing is promised')
    await grace.post('/sign-up/grant', {}, { stay: true })
    assert.equal((await outcome(grace)).path, '/sign-up/connected')
  })

  test('A01 one administrator’s pages never show another tenant', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    await grace.post('/sign-up/grant')
    await outcome(grace)
    const other = openVisitor(site)
    await other.arrive('grace@contoso.onmicrosoft.com')
    for (const path of [
      '/sign-up/connected',
      '/sign-up/progress',
      '/sign-up/welcome',
      '/sign-up/script',
      '/sign-up/events',
    ]) {
      const page = await other.get(`${path}?tenant=${FABRIKAM}&tenantId=${FABRIKAM}`)
      assert.ok(!page.text.includes(FABRIKAM), path)
    }
  })

  test('a tenant that has left since is not called connected', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    await grace.post('/sign-up/grant')
    await outcome(grace)
    await grace.get('/sign-up/connected')
    await syncTenant(site.tools, { tenantId: FABRIKAM, signal: AbortSignal.timeout(60_000) })
    await site.emulator.directory.deleteServicePrincipal({ tenant: FABRIKAM, app: site.config.clientId })
    await syncTenant(site.tools, { tenantId: FABRIKAM, signal: AbortSignal.timeout(60_000) }).catch(() => {})
    const live = await grace.get('/sign-up/arrivals')
    assert.match(live.text, /data: \/sign-up\/connected/)
    assert.ok(!live.text.includes('Grace Admin'), 'nobody is named any more')
    const page = await grace.get('/sign-up/connected')
    assert.equal(page.status, 409)
    assert.equal(page.heading, 'This organisation is not connected any longer')
  })

  test('T12 a step kept from a sign-up that is over brings no tenant back, by whichever button', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator)
    const kept = grace.cookies.get(STEP) ?? ''
    await grace.post('/sign-up/grant')
    await outcome(grace)
    await offboardTenant(site.tools, { tenantId: FABRIKAM, actor: 'operator:test', reason: 'They left.' })
    site.emulator.requests.clear()
    for (const path of ['/sign-up/check', '/sign-up/grant']) {
      grace.cookies.set(STEP, kept)
      const page = await grace.post(path)
      assert.deepEqual([page.path, page.status], ['/sign-up/connected', 409], path)
      assert.equal((await showTenant(site.tools, FABRIKAM)).tenant.state, 'offboarded', path)
    }
    assert.deepEqual(site.emulator.requests.list(), [], 'and Microsoft is asked nothing')
  })

  test('a step ends with the token that it holds, where Microsoft gives one that is over before the hour is', async (t) => {
    const ahead = hurriedClock()
    const grace = openVisitor(await openSite(t, { clock: ahead }))
    // By our clock the token lives for twenty to fifty minutes.
    await ahead.sleep(40 * MINUTE)
    assert.equal((await grace.arrive(globalAdministrator)).status, 200)
    await ahead.sleep(51 * MINUTE)
    assert.ok(grace.cookies.has(STEP))
    assert.equal((await grace.get('/sign-up/welcome')).status, 400)
  })

  // Last, because they turn our clock far ahead of Microsoft’s.
  test('a step ends with its hour', async () => {
    const grace = openVisitor(site)
    await grace.arrive(globalAdministrator, { invitation: FABRIKAM })
    await clock.sleep(61 * MINUTE)
    for (const page of [
      await grace.get('/sign-up/welcome'),
      await grace.post('/sign-up/grant'),
      await grace.get('/sign-up/script'),
    ]) {
      assert.equal(page.status, 400)
      assert.match(page.text, /Who can mend it<\/dt>\s*<dd>You<\/dd>/)
      assert.match(page.text, new RegExp(`name="tenant" value="${FABRIKAM}"`), 'the invitation is kept')
    }
  })

  test('who comes back after more than a quarter of an hour starts again', async () => {
    const grace = openVisitor(site)
    const callback = await grace.comeBack(globalAdministrator)
    await clock.sleep(16 * MINUTE)
    const page = await grace.get(callback)
    assert.equal(page.status, 410)
    assert.equal(page.heading, 'This sign-up took too long')
    assert.equal(grace.cookies.has(STEP), false)
  })
})
