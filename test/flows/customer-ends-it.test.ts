import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { runCli } from '#cli/run-cli.ts'
import { tasks } from '#daemon/tasks.ts'
import { DEMO } from '#emulator/index.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { listTenantJobs } from '#flows/queue/list-tenant-jobs.ts'
import { pauseTenant } from '#flows/tenants/pause-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { type JobPayloads, keyOf } from '#jobs/names.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { DAY, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { CUSTOMERS, connect, openInstallation } from '#test/support/installation.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import type { Tools } from '#tools.ts'

const REPORT = { name: 'report', schedule: { everyMinutes: 60 }, permissions: [], run: async () => {} }
const signal = new AbortController().signal
const clock = handClock(new Date())
const installation = await openInstallation({ after }, { clock })
const { emulator, config } = installation
const tools: Tools = { ...installation.tools, config: { ...config, app: { ...config.app, jobs: [REPORT] } } }
const table = tasks(tools)
const NAMES = ['sync-tenant', 'verify-tenant', 'run-job'] as const

/** Does what waits in the queue, as a worker does. @returns how much it was */
async function work(): Promise<number> {
  let done = 0
  for (const name of NAMES)
    for (const { id, data, state } of await jobsIn(tools.jobs, name)) {
      if (state !== 'created') continue
      const key = keyOf(name, data as JobPayloads[typeof name])
      await table[name](data as never, aJobContext(key, id)).then(
        () => {},
        () => {},
      )
      await tools.jobs.boss.deleteJob(name, id)
      done += 1
    }
  return done
}
async function tick(): Promise<void> {
  await table.watch({}, aJobContext('watch', 'tick'))
  await table['plan-jobs']({}, aJobContext('plan-jobs', 'tick'))
  while ((await work()) > 0);
}

/** Requests for a token; a tenant that is gone has no more than its place in the path. */
const asked = (tenantId: TenantId) => emulator.requests.list({ path: `/${tenantId}/oauth2` }).length

const [disabled, deleted, gone, robbed, back] = CUSTOMERS
const inTenant = (tenant: TenantId) => ({ tenant, app: DEMO.appId })
const WAYS = [
  {
    tenantId: disabled,
    code: 'SERVICE_PRINCIPAL_DISABLED',
    end: () => emulator.directory.setServicePrincipalEnabled({ ...inTenant(disabled), enabled: false }),
  },
  {
    tenantId: deleted,
    code: 'SERVICE_PRINCIPAL_MISSING',
    end: () => emulator.directory.deleteServicePrincipal(inTenant(deleted)),
  },
  { tenantId: gone, code: 'TENANT_NOT_FOUND', end: () => emulator.directory.deleteTenant({ tenant: gone }) },
] as const

test('T15 each way to end it has its own reason; jobs stop, and the operator is shown the link that brings it back', async () => {
  for (const tenantId of [disabled, deleted, gone, robbed, back]) await connect(installation, tenantId)
  await tick()
  for (const { tenantId, code, end } of WAYS) {
    assert.equal((await showTenant(tools, tenantId)).tenant.state, 'active')
    await end()
    forgetTenant(tools.entra, tenantId)
    await asFleet(tools.store, async (sql) => {
      await enqueue(tools.jobs, sql, 'sync-tenant', { tenantId })
      await enqueue(tools.jobs, sql, 'run-job', { tenantId, job: 'report' })
    })
    const before = asked(tenantId)
    await work()
    const { tenant, counts } = await showTenant(tools, tenantId)
    assert.deepEqual(
      [tenant.state, tenant.diagnosis?.code, tenant.diagnosis?.owner],
      ['revoked', code, 'customer-administrator'],
    )
    assert.equal(asked(tenantId) - before, 1)
    const own = (await jobsIn(tools.jobs, 'run-job')).filter(({ data }) => data.tenantId === tenantId)
    assert.deepEqual(
      own.map(({ state }) => state),
      ['cancelled'],
      'what waited for its turn is not even begun',
    )
    assert.equal(counts.user, 30, 'what was read stays')
    const { jobs } = await listTenantJobs(tools, tenantId)
    assert.deepEqual(
      jobs.map(({ nextDueAt }) => nextDueAt),
      [null, null],
    )
    const said: string[] = []
    const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) }
    await runCli(['tenants', 'show', '--tenant', tenantId], { terminal, signal, tools: () => Promise.resolve(tools) })
    assert.ok(said.join('\n').includes(`${config.publicUrl}/?tenant=${tenantId}`))
    assert.ok(said.join('\n').includes(code))
  }
  await emulator.directory.revokePermission({ ...inTenant(robbed), permission: 'User.Read.All' })
  forgetTenant(tools.entra, robbed)
  await asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId: robbed }))
  while ((await work()) > 0);
  const { tenant } = await showTenant(tools, robbed)
  assert.deepEqual([tenant.state, tenant.diagnosis?.code], ['degraded', 'PERMISSION_MISSING'])
  assert.match(tenant.diagnosis?.message ?? '', /User\.Read\.All/)
})

test('T15 whoever has ended it is asked once a day for a month, then not any more; who comes back within it is noticed', async () => {
  await emulator.directory.setServicePrincipalEnabled({ ...inTenant(back), enabled: false })
  forgetTenant(tools.entra, back)
  await asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId: back }))
  await work()
  assert.equal((await showTenant(tools, back)).tenant.state, 'revoked')

  await pauseTenant(tools, { tenantId: robbed, actor: 'operator:test', reason: 'it is another test’s' })
  emulator.requests.clear()
  for (let day = 1; day <= 36; day++) {
    clock.pass(DAY + MINUTE)
    await tick()
    if (day === 3) {
      for (const { tenantId } of WAYS) assert.ok(asked(tenantId) <= 3, `${asked(tenantId)} requests in three days`)
      await emulator.directory.setServicePrincipalEnabled({ ...inTenant(back), enabled: true })
    }
    if (day === 5) {
      assert.equal((await showTenant(tools, back)).tenant.state, 'active')
      assert.ok(asked(back) > 0)
      await pauseTenant(tools, { tenantId: back, actor: 'operator:test', reason: 'it has been seen' })
    }
  }
  for (const { tenantId } of WAYS) {
    const requests = asked(tenantId)
    assert.ok(requests >= 25 && requests <= 31, `${requests} requests in 36 days`)
  }
  emulator.requests.clear()
  clock.pass(2 * DAY)
  await tick()
  for (const { tenantId } of WAYS) assert.equal(asked(tenantId), 0)
})
