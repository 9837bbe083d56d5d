import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { tasks } from '#daemon/tasks.ts'
import { DEMO } from '#emulator/index.ts'
import { appToken, forgetTenant } from '#entra/app-token.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { startRun } from '#store/sync-runs.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { CUSTOMERS, connect, openInstallation } from '#test/support/installation.ts'
import { madeUp } from '#test/support/made-up.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'
import type { Tools } from '#tools.ts'

const app = DEMO.appId
const SECOND = 1_000
const signal = new AbortController().signal
const clock = handClock(new Date())
const installation = await openInstallation({ after }, { clock })
const { emulator, tools, config } = installation
afterEach(() => emulator.mischief.clear())

const sync = (tenantId: TenantId, others: Partial<Tools> = {}) =>
  syncTenant({ ...tools, ...others }, { tenantId, signal })
const peopleAndTeams = async (tenantId: TenantId) => {
  const { counts } = await showTenant(tools, tenantId)
  return [counts.user, counts.group]
}
const [plain, part, swapped, late, leaving, patient] = CUSTOMERS

test('only what the app declares a permission for is read', async () => {
  await connect(installation, plain)
  emulator.requests.clear()
  const permissions = [{ value: 'User.Read.All', reason: 'Reads people.' }]

  await sync(plain, { config: { ...config, app: { ...config.app, permissions } } })
  const { tenant, runs } = await showTenant(tools, plain)
  assert.deepEqual([tenant.state, runs[0]?.state], ['active', 'succeeded'])
  assert.deepEqual(await peopleAndTeams(plain), [30, 0])
  assert.equal(emulator.requests.list({ path: '/v1.0/groups' }).length, 0)

  await sync(plain)
  assert.deepEqual(await peopleAndTeams(plain), [30, 4])
})

test('T15 a permission that was taken away is noticed, and so is its return', async () => {
  const organization = { tenant: part, app, permission: 'Organization.Read.All' }
  await connect(installation, part)
  const readAndLook = async () => {
    // As when the token of the hour before has ended.
    forgetTenant(tools.entra, part)
    await sync(part)
    for (const job of await jobsIn(tools.jobs, 'verify-tenant')) {
      await tools.jobs.boss.deleteJob('verify-tenant', job.id)
      await verifyTenant(tools, { tenantId: part, actor: 'daemon' })
    }
    return (await showTenant(tools, part)).tenant.state
  }

  assert.equal(await readAndLook(), 'active')
  await emulator.directory.revokePermission(organization)
  assert.equal(await readAndLook(), 'degraded')
  await emulator.directory.grantPermission(organization)
  assert.equal(await readAndLook(), 'active')
})

test('T15 a role that another process has seen granted is looked for once more before anything is left out', async () => {
  const groups = { tenant: part, app, permission: 'Group.Read.All' }
  await emulator.directory.revokePermission(groups)
  forgetTenant(tools.entra, part)
  assert.ok(!(await appToken(tools.entra, part)).roles.includes(groups.permission))
  await emulator.directory.grantPermission(groups)
  emulator.requests.clear()

  await sync(part)
  assert.ok(emulator.requests.list({ path: '/v1.0/groups' }).length > 0, 'nothing is left out')
  await sync(part)
  assert.equal(emulator.requests.list({ path: `/${part}/oauth2` }).length, 1, 'one fresh token, once')
  assert.deepEqual(await jobsIn(tools.jobs, 'verify-tenant'), [], 'nothing is in doubt')
})

test('T14 a token of another tenant ends the run before anything is read', async () => {
  await connect(installation, swapped)
  forgetTenant(tools.entra, swapped)
  emulator.requests.clear()
  emulator.mischief.say('apptoken.swap')

  const { owner, retry } = await refusedWith('TOKEN_OF_OTHER_TENANT', () => sync(swapped))
  assert.deepEqual([owner, retry], ['operator', 'never'])
  const { tenant, runs } = await showTenant(tools, swapped)
  assert.deepEqual(await peopleAndTeams(swapped), [0, 0])
  assert.deepEqual([tenant.state, runs[0]?.diagnosis?.code], ['active', 'TOKEN_OF_OTHER_TENANT'])
  assert.equal(emulator.requests.list({ path: '/v1.0/' }).length, 0)
})

/** Users have been read; before groups are, Graph asks for patience, and gets it when the clock is turned. */
async function readHalf(tenantId: TenantId): Promise<{ whole: Promise<void> }> {
  emulator.mischief.once({
    at: 'graph',
    match: { path: '/v1.0/groups' },
    answer: { status: 429, headers: { 'retry-after': '1' } },
  })
  const whole = sync(tenantId)
  await until('it waits before its second kind', () => clock.sleepers() > 0)
  return { whole }
}

test('G05 a worker with one place reads another tenant while Graph asks one for patience', async () => {
  for (const tenantId of [patient, plain]) await connect(installation, tenantId)
  const state = async (tenantId: TenantId) => (await showTenant(tools, tenantId)).runs[0]?.state
  const order = (tenantId: TenantId) =>
    asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId }))
  const runsOfPlain = async () => (await showTenant(tools, plain)).runs.length
  const before = await runsOfPlain()
  emulator.mischief.once({
    at: 'graph',
    match: { path: '/v1.0/users', tenant: patient },
    answer: { status: 429, headers: { 'retry-after': '1' } },
  })
  for (const name of ['sync-tenant', 'verify-tenant'] as const) await tools.jobs.boss.deleteQueuedJobs(name)
  const nothingElse = { watch: async () => {}, 'plan-jobs': async () => {} }
  const runner = startRunner(tools.jobs, { ...tasks(tools), ...nothingElse }, { concurrency: 1 })
  await order(patient)
  await until('it waits', () => clock.sleepers() > 0)
  await order(plain)
  await until(
    'the other has been read',
    async () => (await runsOfPlain()) > before && (await state(plain)) === 'succeeded',
  )
  assert.equal(await state(patient), 'running')
  clock.pass(SECOND)
  await until('it has been read, too', async () => (await state(patient)) === 'succeeded')
  await runner.stop()
  assert.deepEqual(await peopleAndTeams(patient), [30, 4])
})

test('R02 a worker that was thought dead writes nothing beside the one that took its place', async () => {
  await connect(installation, late)
  const { whole } = await readHalf(late)
  clock.pass(SECOND)
  const successor = madeUp.runId()
  await asTenant(tools.store, late, (sql) => startRun(sql, { id: successor }))
  clock.pass(MINUTE)

  await refusedWith('RUN_SUPERSEDED', () => whole)
  const { tenant, runs } = await showTenant(tools, late)
  assert.deepEqual(await peopleAndTeams(late), [30, 0])
  assert.deepEqual(
    runs.map((run) => [run.id === successor, run.state]),
    [
      [true, 'running'],
      [false, 'interrupted'],
    ],
  )
  assert.equal(tenant.state, 'active')
})

test('what is being read when a tenant is offboarded does not come back after it', async () => {
  await connect(installation, leaving)
  const { whole } = await readHalf(leaving)
  assert.equal((await showTenant(tools, leaving)).counts.user, 30)

  await offboardTenant(tools, { tenantId: leaving, actor: 'operator:test', reason: 'the contract has ended' })
  clock.pass(MINUTE)
  await refusedWith('RUN_SUPERSEDED', () => whole)
  const { tenant, runs } = await showTenant(tools, leaving)
  assert.deepEqual([tenant.state, runs[0]?.state], ['offboarded', 'interrupted'])
  assert.deepEqual(await peopleAndTeams(leaving), [0, 0])
})
