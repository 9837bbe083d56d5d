import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { tasks } from '#daemon/tasks.ts'
import { DEMO } from '#emulator/index.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { pauseTenant } from '#flows/tenants/pause-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { type Verification, verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { type JobContext, QUEUES } from '#jobs/names.ts'
import { asTenant } from '#store/database/open.ts'
import { listGrants } from '#store/grants.ts'
import { runHere } from '#test/support/at-the-terminal.ts'
import { CONTOSO, CUSTOMERS, connect, FABRIKAM, openInstallation } from '#test/support/installation.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { refusedWith } from '#test/support/problem.ts'

const app = DEMO.appId
const actor = 'operator:test'
const installation = await openInstallation({ after })
const { emulator, tools } = installation
const [back, puzzling, disabled, sound, ailing, hesitant] = CUSTOMERS
afterEach(() => emulator.mischief.clear())

test('T15 a tenant that comes back with a part of its permissions is degraded, and active when it has all', async () => {
  await connect(installation, back)
  const verify = () => verifyTenant(tools, { tenantId: back, actor })
  const grant = (permission: string) => emulator.directory.grantPermission({ tenant: back, app, permission })
  const shown = async () => (await showTenant(tools, back)).grants.map((one) => [one.permission, one.status])

  await emulator.directory.deleteServicePrincipal({ tenant: back, app })
  assert.equal((await verify()).tenant.state, 'revoked')
  assert.equal((await jobsIn(tools.jobs, 'sync-tenant')).filter((job) => job.state === 'created').length, 0)

  await emulator.directory.addServicePrincipal({ tenant: back, app })
  await grant('User.Read.All')
  await grant('Organization.Read.All')
  const partly = await verify()
  assert.deepEqual([partly.tenant.state, partly.missing], ['degraded', ['Group.Read.All']])
  assert.deepEqual([partly.diagnosis?.code, partly.diagnosis?.owner], ['PERMISSION_MISSING', 'customer-administrator'])
  assert.deepEqual(await shown(), [
    ['Group.Read.All', 'missing'],
    ['Organization.Read.All', 'granted'],
    ['User.Read.All', 'granted'],
  ])

  await emulator.directory.revokePermission({ tenant: back, app, permission: 'User.Read.All' })
  const less = await verify()
  assert.deepEqual([less.tenant.state, less.tenant.diagnosis?.message], ['degraded', less.diagnosis?.message])
  assert.match(less.tenant.diagnosis?.message ?? '', /User\.Read\.All, Group\.Read\.All/)

  await grant('User.Read.All')
  await grant('Group.Read.All')
  const whole = await verify()
  assert.deepEqual([whole.tenant.state, whole.tenant.diagnosis], ['active', null])
  assert.deepEqual(new Set((await shown()).map(([, status]) => status)), new Set(['granted']))
})

test('a code that nobody knows ends no tenant, whatever OAuth’s word beside it', async () => {
  await connect(installation, puzzling)
  const body = JSON.stringify({ error: 'unauthorized_client', error_description: 'AADSTS7999999: Something new.' })
  emulator.mischief.add({ at: 'token', answer: { status: 400, body } })

  const { tenant, diagnosis } = await verifyTenant(tools, { tenantId: puzzling, actor })
  assert.equal(tenant.state, 'active')
  assert.deepEqual([diagnosis?.sourceCode, diagnosis?.confidence], ['AADSTS7999999', 'unknown'])
})

test('a token that Graph refuses takes no permission from the tenant', async () => {
  emulator.mischief.add({ at: 'graph', answer: { status: 401 } })
  const { tenant, diagnosis } = await verifyTenant(tools, { tenantId: back, actor })
  assert.deepEqual([tenant.state, diagnosis?.code, diagnosis?.owner], ['active', 'TOKEN_REFUSED', 'nobody'])
})

test('an app that is disabled in its own tenant is our trouble, and no customer is taken for gone', async () => {
  await connect(installation, disabled)
  const enable = (tenant: string, enabled: boolean) =>
    emulator.directory.setServicePrincipalEnabled({ tenant, app, enabled })
  await enable(disabled, false)
  await enable(DEMO.home, false)
  const ours = await verifyTenant(tools, { tenantId: disabled, actor })
  assert.equal(ours.tenant.state, 'active')
  assert.deepEqual([ours.diagnosis?.code, ours.diagnosis?.owner], ['APPLICATION_MISCONFIGURED', 'operator'])

  await enable(DEMO.home, true)
  const theirs = await verifyTenant(tools, { tenantId: disabled, actor })
  assert.equal(theirs.tenant.state, 'revoked')
  assert.deepEqual(
    [theirs.diagnosis?.code, theirs.diagnosis?.owner],
    ['SERVICE_PRINCIPAL_DISABLED', 'customer-administrator'],
  )
})

test('of a tenant that was offboarded a verification keeps nothing, though the app is still there', async () => {
  await connect(installation, FABRIKAM)
  await offboardTenant(tools, { tenantId: FABRIKAM, actor, reason: 'over' })
  const { tenant, diagnosis } = await verifyTenant(tools, { tenantId: FABRIKAM, actor })
  assert.deepEqual([tenant.state, diagnosis], ['offboarded', null])
  assert.deepEqual(await asTenant(tools.store, FABRIKAM, listGrants), [])
})

test('the exit code says whether every tenant that was asked for is in order, and each is told of', async () => {
  for (const tenantId of [sound, ailing]) await connect(installation, tenantId)
  const verify = (...argv: string[]) => runHere(tools, 'tenants', 'verify', ...argv).ended

  assert.equal((await verify('--tenant', sound)).code, 0)
  assert.equal((await verify('--tenant', sound, ailing, '--json')).code, 0)

  emulator.mischief.add({ at: 'token', match: { tenant: ailing }, answer: { status: 503 } })
  const unverified = await verify('--tenant', ailing, '--tenant', sound, '--json')
  assert.equal(unverified.code, 1)
  assert.deepEqual(
    unverified.stdout.split('\n').flatMap((line) => (line ? [(JSON.parse(line) as Verification).diagnosis?.code] : [])),
    ['UNAVAILABLE', undefined],
  )
  emulator.mischief.clear()

  const unknown = await verify('--tenant', CONTOSO, '--tenant', sound)
  assert.deepEqual([unknown.code, unknown.stdout], [1, 'Customer is active.\n'])
  assert.match(unknown.stderr, /^TENANT_UNKNOWN: /)

  await emulator.directory.revokePermission({ tenant: ailing, app, permission: 'User.Read.All' })
  const degraded = await verify('--tenant', ailing)
  assert.equal(degraded.code, 1)
  assert.match(degraded.stdout, /^Customer is degraded\.\nPERMISSION_MISSING: /)

  await pauseTenant(tools, { tenantId: sound, actor, reason: 'for now' })
  const paused = await verify('--tenant', sound)
  assert.equal(paused.code, 1)
  assert.match(paused.stdout, /^Customer is suspended\.\nThe app works there/)
})

test('the daemon asks again soon where nothing was found out, five times; what it did find out is no failure', async () => {
  await connect(installation, hesitant)
  const verify = (attempt: number) =>
    tasks(tools)['verify-tenant']({ tenantId: hesitant }, { ...aJobContext(hesitant), attempt })
  const busy = { at: 'token', aadsts: 90_033 } as const
  for (const attempt of [0, QUEUES['verify-tenant'].retryLimit - 1]) {
    emulator.mischief.once(busy)
    assert.equal((await refusedWith('UNAVAILABLE', () => verify(attempt))).retry, 'backoff')
  }
  emulator.mischief.once(busy)
  await verify(QUEUES['verify-tenant'].retryLimit)
  await emulator.directory.deleteServicePrincipal({ tenant: hesitant, app })
  await verify(0)
  assert.equal((await showTenant(tools, hesitant)).tenant.state, 'revoked')
})

test('R06 a verification that waits for Graph stops when it is told to, and has found nothing out', async () => {
  await connect(installation, back)
  const answer = { status: 429, headers: { 'retry-after': '100' } }
  emulator.mischief.add({ at: 'graph', match: { tenant: back }, answer })
  const stop = new AbortController()
  const waiting = Promise.withResolvers<void>()
  const context: JobContext = {
    ...aJobContext(back),
    signal: stop.signal,
    aside: (wait) => {
      waiting.resolve()
      return wait()
    },
  }
  const outcome = tasks(tools)['verify-tenant']({ tenantId: back }, context)
  await waiting.promise
  stop.abort(new Error('told to stop'))
  await assert.rejects(outcome, /told to stop/)
  assert.equal((await showTenant(tools, back)).tenant.state, 'active')
})
