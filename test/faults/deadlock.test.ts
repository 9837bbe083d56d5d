import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tasks } from '#daemon/tasks.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listResources } from '#store/resources.ts'
import { listRuns } from '#store/sync-runs.ts'
import { openFleet } from '#test/support/fleet.ts'
import { holdAnswers } from '#test/support/microsoft-gate.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'

test('R04 a page that PostgreSQL sacrifices to end a deadlock is read again, and nothing of it is lost', async () => {
  const databaseUrl = await freshDatabase()
  await using fleet = await openFleet({ databaseUrl, users: 5, groups: 1 })
  const { tools, emulator, tenantIds } = fleet
  const [tenantId] = tenantIds as [TenantId]
  const users = () => asTenant(tools.store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: 10 }))
  await syncTenant(tools, { tenantId, signal: new AbortController().signal })
  const [ada] = await users()
  assert.ok(ada)
  await fleet.change(tenantId, 'PATCH', `/users/${ada.id}`, { displayName: 'Ada Renamed' })

  using answer = holdAnswers(emulator, { name: 'GET /v1.0/users/delta' })
  await asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId }))
  const runner = startRunner(tools.jobs, tasks(tools), { concurrency: 1 })
  await until('the page is on its way', () => answer.count() === 1)
  await withClient(await seeingEverything(databaseUrl), async (other) => {
    // Whoever has waited for longer than this looks for a deadlock and gives way: never the other one.
    await other.query(`set deadlock_timeout = '10min'`)
    await other.query('begin')
    await other.query('update tenantry.resources set updated_at = updated_at where id = $1', [ada.id])
    answer.release()
    await until('the page waits for her', () =>
      withClient(databaseUrl, async (client) => {
        const { rows } = await client.query(`select 1 from pg_locks where not granted`)
        return rows.length > 0
      }),
    )
    await other.query(`select 1 from tenantry.sync_runs where state = 'running' for update`)
    await other.query('rollback')
  })
  await until('the run has failed', async () => {
    const [last] = await asTenant(tools.store, tenantId, (sql) => listRuns(sql, { limit: 1 }))
    return last?.state === 'failed'
  })
  await until('it has been read again', async () => {
    await withClient(databaseUrl, (client) =>
      client.query(`update pgboss.job set start_after = now() where state = 'retry'`),
    )
    const [last] = await asTenant(tools.store, tenantId, (sql) => listRuns(sql, { limit: 1 }))
    return last?.state === 'succeeded'
  })
  await runner.stop()
  const renamed = (await users()).find(({ id }) => id === ada.id)
  assert.deepEqual([(await users()).length, renamed?.displayName], [5, 'Ada Renamed'])
})
