import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tasks } from '#daemon/tasks.ts'
import { runJobByHand } from '#flows/runs/run-job-by-hand.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { asTenant } from '#store/database/open.ts'
import { latestRun } from '#store/sync-runs.ts'
import { letSilencePass } from '#test/crash/support/databases.ts'
import { appWithJob } from '#test/own-jobs/support/one-job.ts'
import { silentLog } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { freshDatabase, seeingEverything } from '#test/support/postgres.ts'
import { openPostgresProxy } from '#test/support/postgres-proxy.ts'
import { openTools } from '#tools.ts'

test('R01 R04 a job by hand whose database goes away is ended by the next look of a worker, as one of a worker’s is', async () => {
  const databaseUrl = await freshDatabase()
  await using wires = new AsyncDisposableStack()
  const wire = wires.use(await openPostgresProxy(databaseUrl))
  let away = async () => {}
  await using fleet = await openFleet({ users: 1, groups: 0, databaseUrl, app: appWithJob(() => away()) })
  const { tools } = fleet
  const [tenantId] = fleet.tenantIds as [TenantId]
  const stateNow = async () => (await asTenant(tools.store, tenantId, (sql) => latestRun(sql, 'the-job')))?.state
  const look = () => tasks(tools).watch({}, aJobContext('watch'))

  const elsewhere = { ...tools.config, databaseUrl: wire.through(databaseUrl) }
  away = async () => {
    await look()
    assert.equal(await stateNow(), 'running', 'whoever is at it has a place')
    await wires.disposeAsync()
  }
  {
    await using hand = await openTools(elsewhere, { log: silentLog })
    const { signal } = new AbortController()
    const done = runJobByHand(hand, { tenantId, job: 'the-job', signal })
    assert.equal(await done.catch((error: unknown) => diagnose(error).code), 'DATABASE_UNREACHABLE')
  }
  assert.equal(await stateNow(), 'running')

  await letSilencePass(databaseUrl, await seeingEverything(databaseUrl))
  await look()
  assert.equal(await stateNow(), 'interrupted')
})
