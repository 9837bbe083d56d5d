import assert from 'node:assert/strict'
import { afterEach, before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import type { TenantId } from '#model/ids.ts'
import { openSite, type Site } from '#test/signup/support/open-site.ts'
import { openVisitor, type Page, plain, type Visitor } from '#test/signup/support/visitor.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const LITWARE = '44444444-4444-4444-8444-444444444444' as TenantId
const person = (name: string, displayName: string, roles: string[] = []) => ({
  userPrincipalName: `${name}@litware.example`,
  displayName,
  password: DEMO.password,
  roles,
})
const GRACE = 'grace@litware.example'
const ADAM = 'adam@litware.example'
const MEMBER = 'uma@litware.example'
const READER = 'rita@litware.example'
/** At home in another tenant, where she is the Global Administrator. */
const GUEST = 'grace@contoso.onmicrosoft.com'
const GUEST_IN_LITWARE = 'grace_contoso#EXT#@litware.example'
const tenants = [
  {
    id: LITWARE,
    displayName: 'Litware',
    domains: ['litware.example'],
    users: [
      person('grace', 'Grace Admin', ['Global Administrator']),
      person('adam', 'Adam Apps', ['Application Administrator']),
      person('rita', 'Rita Reader', ['Global Reader']),
      person('uma', 'Uma User'),
      { userPrincipalName: GUEST_IN_LITWARE, displayName: 'Grace Guest', guestOf: GUEST },
    ],
  },
]
const NAMES = ['Grace Admin', 'Adam Apps', 'Rita Reader']
/** That somebody holds a role, and not which. */
const ROLES_WITHOUT_NAMES = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"value":[{"@odata.type":"#microsoft.graph.directoryRole","id":"21004afc-1111-4111-8111-111111111111","roleTemplateId":null}]}',
}
const NOT_YOU = 'An administrator has to connect your organisation'

suite('who is no administrator', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  before(async () => {
    site = await openSite(scope, { tenants })
    const grace = openVisitor(site)
    await grace.arrive(GRACE)
    await grace.post('/sign-up/grant')
    assert.equal((await outcome(grace)).heading, 'Litware is connected')
    await syncTenant(site.tools, { tenantId: LITWARE, signal: AbortSignal.timeout(60_000) })
    await offboardTenant(site.tools, { tenantId: LITWARE, actor: 'operator:test', reason: 'the contract has ended' })
  })
  afterEach(() => site.emulator.mischief.clear())

  const outcome = (visitor: Visitor): Promise<Page> =>
    until('the sign-up has ended', async () => {
      const page = await visitor.get('/sign-up/progress')
      return page.heading === 'Connecting your organisation' ? null : page
    })
  const standing = async () => {
    const { tenant, audit } = await showTenant(site.tools, LITWARE)
    const connected = audit.filter(({ action }) => action === 'tenant.connected').length
    const jobs = (await jobsIn(site.tools.jobs, 'sync-tenant')).length
    return { state: tenant.state, connected, jobs }
  }
  const arrive = async (username: string): Promise<[Visitor, Page]> => {
    const visitor = openVisitor(site)
    return [visitor, await visitor.arrive(username, { invitation: LITWARE })]
  }

  test('T04 T07 neither an ordinary member nor a mere reader nor a guest brings an offboarded tenant back, although everything is granted', async () => {
    const before = await standing()
    assert.equal(before.state, 'offboarded')
    for (const username of [MEMBER, READER, GUEST]) {
      const [visitor, welcome] = await arrive(username)
      assert.equal(welcome.status, 200)
      assert.match(welcome.text, /Only an administrator can connect your organisation/)
      assert.doesNotMatch(welcome.text, /and is connected|When you grant/)
      assert.ok(welcome.text.includes(`${site.url}/?tenant=${LITWARE}`), 'the link to send')
      assert.doesNotMatch(welcome.text, /action="\/sign-up\/(grant|check)"/)

      const checked = await visitor.post('/sign-up/check')
      assert.deepEqual([checked.status, checked.heading], [403, NOT_YOU], username)
      assert.match(checked.text, /NOT_AN_ADMINISTRATOR/)
      assert.match(checked.text, /An administrator of your organisation/)
      assert.ok(checked.text.includes(`${site.url}/?tenant=${LITWARE}`))
      await visitor.post('/sign-up/grant')
      const granted = await outcome(visitor)
      assert.equal(granted.heading, NOT_YOU)
      assert.ok(granted.text.includes(`${site.url}/?tenant=${LITWARE}`))
      assert.doesNotMatch(granted.text, /Check again/)
      assert.equal((await visitor.post('/sign-up/check')).status, 403)

      assert.notEqual((await visitor.get('/sign-up/connected')).path, '/sign-up/connected')
      assert.equal((await visitor.get('/sign-up/arrivals')).status, 400)
      assert.deepEqual(await standing(), before, username)
    }
  })

  test('T07 a guest to whom the tenant shows nothing at all is told the same', async () => {
    site.emulator.mischief.add({
      at: 'graph',
      match: { method: 'GET', path: 'transitiveMemberOf|organization|servicePrincipals' },
      answer: {
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}',
      },
    })
    const before = await standing()
    const [guest, welcome] = await arrive(GUEST)
    assert.deepEqual([welcome.status, welcome.heading], [403, NOT_YOU])
    assert.equal((await guest.post('/sign-up/check')).heading, NOT_YOU)
    assert.deepEqual(await standing(), before)
  })

  test('T04 whose role was activated after the sign-in is told to sign in again, and that brings it, wherever it is said', async () => {
    const roles = (names: string[]) =>
      site.emulator.directory.setDirectoryRoles({ tenant: LITWARE, user: READER, roles: names })
    const says = (page: Page) => {
      const text = plain(page.text)
      assert.match(text, /activate it, then sign in again/)
      assert.doesNotMatch(text, /load this page again|Try again|Go on with/)
    }
    const [rita, welcome] = await arrive(READER)
    says(welcome)
    await roles(['Global Reader', 'Privileged Role Administrator'])
    site.emulator.mischief.add({ at: 'graph', match: { path: 'transitiveMemberOf' }, answer: ROLES_WITHOUT_NAMES })
    says(await rita.get('/sign-up/welcome'))
    await rita.post('/sign-up/grant')
    says(await outcome(rita))
    says(await rita.post('/sign-up/check'))
    for (const page of [welcome, await outcome(rita), await rita.post('/sign-up/check')])
      assert.deepEqual(formOf(page, 'Sign in again'), { action: '/sign-up', fields: { tenant: LITWARE } })

    const again = await rita.arrive(READER, { invitation: LITWARE })
    assert.doesNotMatch(again.text, /Only an administrator can connect/)
    assert.match(again.text, /action="\/sign-up\/grant"/)
    await roles(['Global Reader'])

    const own = openVisitor(site)
    const uninvited = await own.arrive(READER)
    assert.deepEqual(formOf(uninvited, 'Sign in again'), { action: '/sign-up', fields: {} })
  })

  test('while Microsoft does not answer who somebody is, nothing is connected, and nobody is called a stranger', async () => {
    const [guest] = await arrive(GUEST)
    site.emulator.mischief.once({ at: 'graph', match: { path: 'transitiveMemberOf' }, answer: { status: 501 } })
    assert.match((await guest.post('/sign-up/check')).text, /We could not look just now/)
    assert.equal((await standing()).state, 'offboarded')
  })

  test('T04 an Application Administrator, who may not grant, has it recognised and brings the tenant back', async () => {
    const [adam] = await arrive(ADAM)
    assert.equal((await adam.post('/sign-up/check')).path, '/sign-up/connected')
    assert.equal((await standing()).state, 'active')
    await syncTenant(site.tools, { tenantId: LITWARE, signal: AbortSignal.timeout(60_000) })
    assert.match((await adam.get('/sign-up/arrivals')).text, />Grace Admin</)

    const [member, welcome] = await arrive(MEMBER)
    assert.doesNotMatch(welcome.text, /is connected/, 'that it is, is an administrator’s to know')
    for (const path of ['/sign-up/connected', '/sign-up/progress', '/sign-up/arrivals']) {
      const { text } = await member.get(path)
      for (const name of NAMES) assert.ok(!text.includes(name), `${path} shows ${name}`)
    }
  })

  test('T07 a guest who is given such a role in this tenant may from then on, before any token of his says so', async () => {
    const [guest] = await arrive(GUEST)
    assert.equal((await guest.post('/sign-up/check')).status, 403)
    const user = GUEST_IN_LITWARE
    await site.emulator.directory.setDirectoryRoles({
      tenant: LITWARE,
      user,
      roles: ['Cloud Application Administrator'],
    })
    assert.equal((await guest.post('/sign-up/check')).path, '/sign-up/connected')
    await site.emulator.directory.setDirectoryRoles({ tenant: LITWARE, user, roles: [] })
  })

  test('whose directory role Microsoft keeps to itself, where the ID token holds none, may finish', async () => {
    const [guest] = await arrive(GUEST)
    site.emulator.mischief.add({
      at: 'graph',
      match: { path: 'transitiveMemberOf' },
      answer: ROLES_WITHOUT_NAMES,
    })
    assert.equal((await guest.post('/sign-up/check')).path, '/sign-up/connected')
  })
})

/** The form around a button, as a browser would send it. */
function formOf({ text }: Page, button: string) {
  const form = [...text.matchAll(/<form[^>]* action="([^"]*)">([\s\S]*?)<\/form>/g)].find(([, , inside = '']) =>
    inside.includes(`>${button}<`),
  )
  const fields = [...(form?.[2] ?? '').matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [
    name,
    value,
  ])
  return { action: form?.[1], fields: Object.fromEntries(fields) as Record<string, string> }
}
