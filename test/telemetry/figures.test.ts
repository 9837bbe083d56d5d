import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openConsole } from '#console/app.ts'
import { tasks } from '#daemon/tasks.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/open.ts'
import { openFleet } from '#test/support/fleet.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import type { Tools } from '#tools.ts'

const LOOPBACK = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }

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
      await using fleet = await openFleet({ tenants: 3, users: 20, groups: 1, databaseUrl })
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
      })
      const runner = startRunner(tools.jobs, tasks(tools), { concurrency: 3 })
      const done = 'tenantry_job_seconds_count{job="sync-tenant",outcome="done"}'
      await until('all have been read', async () => ((await figuresOf(tools)).get(done) ?? 0) >= 3)
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
