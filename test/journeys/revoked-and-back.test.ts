import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { begin, comeToReview, grant, seeEverythingArrive, signIn } from '#test/journeys/steps.ts'
import { openBrowser, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const GRACE = 'grace@contoso.onmicrosoft.com'
const CONTOSO = { tenant: DEMO.contoso, app: DEMO.appId }

suite('T15: a tenant takes back what it gave', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  before(async () => {
    place = await openDeployment(scope)
    browser = await openBrowser(scope)
    await place.open('dev')
    const grace = await browser.person()
    await comeToReview(grace, place.landing, GRACE)
    await grant(grace)
    await seeEverythingArrive(grace)
  })

  test('the enterprise application is deleted: revoked, left alone, and a new sign-up brings everything back', async () => {
    const { emulator } = place
    const before = await place.show(DEMO.contoso)
    await emulator.directory.deleteServicePrincipal(CONTOSO)
    const { code, stdout } = await place.run('tenants', 'verify', '--tenant', DEMO.contoso)
    assert.equal(code, 1)
    assert.match(stdout, /^Contoso is revoked\.$/m)
    assert.match(stdout, /^Next step: .+/m)

    // What was read stays, and Microsoft is not asked again.
    const revoked = await place.show(DEMO.contoso)
    assert.equal(revoked.tenant.state, 'revoked')
    assert.equal(revoked.tenant.diagnosis?.owner, 'customer-administrator')
    assert.deepEqual(revoked.counts, before.counts)
    emulator.requests.clear()
    await place.run('run', 'sync-tenant', '--tenant', DEMO.contoso)
    assert.deepEqual(emulator.requests.list({ tenantId: DEMO.contoso, appId: DEMO.appId }), [])

    const grace = await browser.person()
    await comeToReview(grace, place.landing, GRACE)
    await grant(grace)
    await seeEverythingArrive(grace)
    const after = await place.show(DEMO.contoso)
    assert.equal(after.tenant.state, 'active')
    assert.equal(after.tenant.diagnosis, null)
    assert.equal(after.tenant.id, before.tenant.id)
    assert.deepEqual(after.counts, before.counts)
    assert.notEqual(after.tenant.servicePrincipalId, before.tenant.servicePrincipalId)
    assert.ok(
      after.runs.some(({ id }) => id === before.runs[0]?.id),
      'its history is kept',
    )
  })

  test('the application is disabled and enabled again: a verification notices both', async () => {
    const { emulator } = place
    await emulator.directory.setServicePrincipalEnabled({ ...CONTOSO, enabled: false })
    await verified('revoked')
    await emulator.directory.setServicePrincipalEnabled({ ...CONTOSO, enabled: true })
    await verified('active')
  })

  test('one permission is taken away: degraded, with its name, until it is granted again on the landing page', async () => {
    const { emulator } = place
    await emulator.directory.revokePermission({ ...CONTOSO, permission: 'Group.Read.All' })
    await verified('degraded')
    const { tenant, grants } = await place.show(DEMO.contoso)
    assert.match(tenant.diagnosis?.message ?? '', /Group\.Read\.All/)
    assert.deepEqual(
      grants.filter(({ status }) => status !== 'granted').map(({ permission }) => permission),
      ['Group.Read.All'],
    )
    const grace = await browser.person()
    await begin(grace, place.landing)
    await signIn(grace, GRACE)
    await grace.waitForURL('**/sign-up/welcome')
    await grace.getByText('one permission is added').waitFor()
    await grant(grace)
    await grace.waitForURL('**/sign-up/connected')
    assert.equal((await place.show(DEMO.contoso)).tenant.state, 'active')
  })

  test('a sync that meets the loss first draws the same conclusion', async () => {
    await until('the worker has read what was granted', async () => {
      const { stdout } = await place.run('jobs', 'running', '--json')
      return !stdout.includes('sync-tenant') && (await place.show(DEMO.contoso)).runs[0]?.state === 'succeeded'
    })
    await place.emulator.directory.deleteServicePrincipal(CONTOSO)
    const { code, stderr } = await place.run('run', 'sync-tenant', '--tenant', DEMO.contoso)
    assert.equal(code, 1)
    assert.match(stderr, /Who mends it: the customer’s administrator/)
    assert.equal((await place.show(DEMO.contoso)).tenant.state, 'revoked')
  })

  async function verified(state: string): Promise<void> {
    const { code, stdout } = await place.run('tenants', 'verify', '--tenant', DEMO.contoso, '--json')
    assert.equal(JSON.parse(stdout).tenant.state, state)
    assert.equal(code, state === 'active' ? 0 : 1)
  }
})
