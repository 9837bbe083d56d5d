import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { UnsecuredJWT } from 'jose'
import { DEMO } from '#emulator/index.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { GRAPH_COMMAND_LINE_TOOLS, type TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { INVITATION, runHere, runUntil, signInFor } from '#test/support/at-the-terminal.ts'
import {
  adamOf,
  CONTOSO,
  CUSTOMERS,
  connect,
  graceOf,
  type Installation,
  openInstallation,
} from '#test/support/installation.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const [LACKING, DEPARTED, OVER, LEFT, SILENT, SWAPPED] = CUSTOMERS
const PERMISSION = 'Group.Read.All'

suite('tenantry grants apply', { concurrency: true }, () => {
  const scope = suiteScope()
  let place: Installation
  before(async () => {
    place = await openInstallation(scope)
    for (const tenantId of CUSTOMERS) await connect(place, tenantId)
  })
  const presence = (tenant: TenantId) => ({ tenant, app: DEMO.appId })
  const apply = (tenantId: TenantId, ...more: string[]) =>
    runHere(place.tools, 'grants', 'apply', '--tenant', tenantId, ...more)
  const asked = (tenantId: string) =>
    place.emulator.requests.list({ path: `${tenantId}/oauth2/v2.0/devicecode$` }).length

  test('grants what is missing as the administrator who signs in, and the tenant is active again', async () => {
    const { emulator, tools } = place
    await emulator.directory.revokePermission({ ...presence(LACKING), permission: PERMISSION })
    assert.equal((await verifyTenant(tools, { tenantId: LACKING, actor: 'daemon' })).tenant.state, 'degraded')

    const adam = await signInFor(apply(LACKING), emulator, adamOf(LACKING))
    assert.equal(adam.code, 1)
    assert.match(adam.stderr, /^MAY_NOT_GRANT: .+\n +Who mends it: the customer’s administrator/m)
    assert.equal((await showTenant(tools, LACKING)).tenant.state, 'degraded')

    const { code, stdout, stderr } = await signInFor(apply(LACKING, '--json'), emulator, graceOf(LACKING))
    assert.equal(code, 0, stderr)
    const { granted, alreadyGranted, tenant } = JSON.parse(stdout) as {
      granted: string[]
      alreadyGranted: string[]
      tenant: { state: string }
    }
    assert.deepEqual([granted, alreadyGranted], [[PERMISSION], ['User.Read.All', 'Organization.Read.All']])
    assert.equal(tenant.state, 'active')
    assert.doesNotMatch(`${stdout}${stderr}`, /eyJ/)
    const { audit } = await showTenant(tools, LACKING)
    const applied = audit.filter(({ action }) => action === 'grants.applied')
    assert.deepEqual(
      applied.map(({ actor, detail }) => [actor.startsWith('administrator:'), detail.permission, detail.outcome]),
      [[true, PERMISSION, 'assigned']],
    )
    assert.ok(audit.some(({ action, actor }) => action === 'grants.begun' && actor.startsWith('operator:')))
  })

  test('makes nothing where the app is not present: that is the customer’s consent', async () => {
    const { emulator } = place
    await emulator.directory.deleteServicePrincipal(presence(DEPARTED))
    const { code, stderr } = await signInFor(apply(DEPARTED), emulator, graceOf(DEPARTED))
    assert.equal(code, 1)
    assert.match(stderr, /^SERVICE_PRINCIPAL_MISSING: Insights is not present in the tenant/m)
    assert.match(stderr, /signs up on the landing page/)
  })

  test('fails where everything was granted and the app does not work there all the same', async () => {
    const { emulator } = place
    emulator.mischief.add({
      at: 'graph',
      match: { path: '/v1.0/\\$batch', tenant: LEFT },
      nth: 2,
      answer: {
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: '{"error":{"code":"Authorization_RequestDenied","message":"No."}}',
      },
    })
    const { code, stdout } = await signInFor(apply(LEFT), emulator, graceOf(LEFT))
    assert.match(stdout, /Everything was granted already\.[\s\S]+^[A-Z_]+: .+\nNext step: /m)
    assert.equal(code, 1)
  })

  test('T14 a token of another tenant, service or app is thrown away, and an incident', async () => {
    const right = { tid: SWAPPED, aud: 'https://graph.microsoft.com', appid: GRAPH_COMMAND_LINE_TOOLS }
    for (const wrong of [{ aud: 'https://vault.azure.net' }, { appid: DEMO.appId }]) {
      const access_token = new UnsecuredJWT({ ...right, ...wrong }).encode()
      const answer = { token_type: 'Bearer', expires_in: 3_600, scope: 'User.Read', access_token }
      place.emulator.mischief.add({
        at: 'token',
        match: { path: '/token$', tenant: SWAPPED },
        nth: 1,
        answer: { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) },
      })
      const { code, stderr } = await apply(SWAPPED).ended
      assert.deepEqual([code, /^[A-Z_]+: /m.exec(stderr)?.[0]], [1, 'TOKEN_OF_OTHER_TENANT: '], JSON.stringify(wrong))
    }
    place.emulator.mischief.add({ word: 'accesstoken.tid=other', match: { tenant: SWAPPED } })
    const { code, stderr } = await signInFor(apply(SWAPPED), place.emulator, graceOf(SWAPPED))
    assert.equal(code, 1)
    assert.match(stderr, /^TOKEN_OF_OTHER_TENANT: /m)
    const [incident] = await asFleet(place.tools.store, (sql) => listIncidents(sql, { concerning: SWAPPED }))
    assert.deepEqual([incident?.code, incident?.tenantId], ['TOKEN_OF_OTHER_TENANT', SWAPPED])
  })

  test('whoever stops it while Microsoft keeps silent is not kept waiting', async () => {
    place.emulator.mischief.add({ at: 'token', match: { tenant: SILENT, path: '/token$' }, hang: true })
    const stopping = new AbortController()
    const running = runUntil(place.tools, stopping.signal, 'grants', 'apply', '--tenant', SILENT)
    await running.says(INVITATION)
    stopping.abort(new Error('Ctrl-C'))
    const { code, stdout, stderr } = await running.ended
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^Stopped before it was done\.$/m)
  })

  test('asks nobody to sign in for a tenant that never signed up, or that has been offboarded', async () => {
    const stranger = await apply(CONTOSO).ended
    assert.equal(stranger.code, 1)
    assert.match(stranger.stderr, /^TENANT_UNKNOWN: /m)
    await offboardTenant(place.tools, { tenantId: OVER, actor: 'operator:test', reason: 'over' })
    const over = await apply(OVER).ended
    assert.equal(over.code, 1)
    assert.match(over.stderr, /is offboarded: it has no need of permissions/)
    assert.deepEqual([asked(CONTOSO), asked(OVER)], [0, 0])
  })
})
