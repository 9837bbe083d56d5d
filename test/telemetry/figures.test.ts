import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openConsole } from '#console/app.ts'
import { tasks } from '#daemon/tasks.ts'
import { request } from '#graph/request.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { closeDatabase, freshDatabase, reopenDatabase } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import type { Tools } from '#tools.ts'

const LOOPBACK = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }

const WITH_A_JOB = {
  ...APP_OF_TESTS,
  jobs: [
    { name: 'licence-report', schedule: { everyMinutes: 60 }, permissions: ['User.Read.All'], run: async () => {} },
  ],
}

/** The console's figures by their names and labels. */
async function figuresOf(tools: Tools): Promise<Map<string, number>> {
  const site = openConsole(tools, { sessionKey: new Uint8Array(32).fill(7) })
  const response = await site.fetch(
    new Request('http://localhost/metrics', { headers: { host: 'localhost' } }),
    LOOPBACK as never,
  )
  assert.equal(response.status, 200)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

for (const backend of ['pglite', 'postgres'] as const)
  suite(backend, () => {
    test('tokens, requests, units, throttling, work and lag are seen from outside', async () => {
      const databaseUrl = backend === 'postgres' ? await freshDatabase() : null
      await using fleet = await openFleet({ tenants: 3, users: 20, groups: 1, databaseUrl, app: WITH_A_JOB })
      const { tools, tenantIds, emulator } = fleet
      const [throttled] = tenantIds as [TenantId]
      emulator.mischief.add({
        at: 'graph',
        match: { path: '/users/delta', tenant: throttled },
        times: 1,
        answer: { status: 429, headers: { 'retry-after': '1' }, body: '{"error":{"code":"TooManyRequests"}}' },
      })
      const before = await figuresOf(tools)
      assert.equal(before.get('tenantry_tenants_never_read'), 3)
      assert.equal(before.get('tenantry_graph_throttled_total'), 0)

      await asFleet(tools.store, async (sql) => {
        for (const tenantId of tenantIds) await enqueue(tools.jobs, sql, 'sync-tenant', { tenantId })
        await enqueue(tools.jobs, sql, 'run-job', { tenantId: throttled, job: 'licence-report' })
      })
      const runner = startRunner(tools.jobs, tasks(tools), { concurrency: 3 })
      const done = 'tenantry_job_seconds_count{job="sync-tenant",outcome="done"}'
      await until('all have been read', async () => ((await figuresOf(tools)).get(done) ?? 0) >= 3)
      const ownJob = 'tenantry_job_seconds_count{job="licence-report",outcome="done"}'
      await until('its own job is told by its name', async () => (await figuresOf(tools)).get(ownJob) === 1)
      await runner.stop()

      const after = await figuresOf(tools)
      assert.equal(after.get('tenantry_tokens_total{outcome="issued"}'), 3)
      assert.equal(after.get('tenantry_graph_throttled_total'), 1)
      assert.equal(after.get('tenantry_graph_requests_total{status="4xx"}'), 1)
      const asked = emulator.requests.list({ path: '/v1.0/' })
      assert.equal(
        after.get('tenantry_graph_requests_total{status="2xx"}'),
        asked.filter(({ status }) => status === 200).length,
      )
      assert.ok((after.get('tenantry_graph_units_total') ?? 0) >= asked.length)
      const left = after.get('tenantry_graph_budget_left{limit="units"}') ?? 0
      assert.ok(left > 0 && left <= tools.config.throttleLimits.appUnits.amount, `${left} units are left`)
      assert.equal(after.get('tenantry_tenants_never_read'), 0)
      for (const quantile of ['0.5', '0.95', '1'])
        assert.ok((after.get(`tenantry_sync_lag_seconds{quantile="${quantile}"}`) ?? -1) >= 0, quantile)
      const ofTenants = [...after.keys()].filter((name) => tenantIds.some((id) => name.includes(id)))
      assert.deepEqual(
        ofTenants.sort(),
        tenantIds.map((id) => `tenantry_tenant_sync_lag_seconds{tenant="${id}"}`).sort(),
        'only how long the worst have not been read is told of each, and they are few',
      )
    })
  })

test('while the database is away a process tells what it has counted, and that the rest is missing', async () => {
  const databaseUrl = await freshDatabase()
  await using fleet = await openFleet({ databaseUrl })
  assert.equal((await figuresOf(fleet.tools)).get('tenantry_database_reachable'), 1)
  await closeDatabase(databaseUrl)
  const figures = await figuresOf(fleet.tools)
  assert.equal(figures.get('tenantry_database_reachable'), 0)
  assert.equal(figures.get('tenantry_tokens_total{outcome="issued"}'), 0)
  assert.ok(![...figures.keys()].some((figure) => figure.startsWith('tenantry_tenants{')))
  await reopenDatabase(databaseUrl)
  await until('it is back', async () => (await figuresOf(fleet.tools)).get('tenantry_database_reachable') === 1)
})

test('units are counted as Graph says; a request that was cut off counts as it is documented', async () => {
  await using fleet = await openFleet()
  const { tools, tenantIds, emulator } = fleet
  const [tenantId] = tenantIds as [TenantId]
  const headers = { 'x-ms-resource-unit': '7' }
  emulator.mischief.add({ at: 'graph', times: 1, answer: { status: 200, headers, body: '{"value":[]}' } })
  const ask = () => request(tools.graphAsApp(tenantId), { path: '/users?$select=id' })
  const units = async () => (await figuresOf(tools)).get('tenantry_graph_units_total')
  assert.equal(await units(), 0)
  await ask()
  assert.equal(await units(), 7)
  emulator.mischief.add({ at: 'graph', times: 1, reset: true })
  await ask()
  assert.equal(await units(), 9, 'one for the request that was cut off, one for the next')
})
