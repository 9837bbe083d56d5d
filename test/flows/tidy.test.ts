import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '#config.ts'
import { tidy } from '#flows/tidy.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { holdPlace } from '#jobs/hold-place.ts'
import { openJobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/open.ts'
import { latestRun, letRunWait, startRun } from '#store/sync-runs.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { HOUR, handClock } from '#test/support/hand-clock.ts'
import { aTenant, madeUp } from '#test/support/made-up.ts'

forEachBackend(({ freshStore }) => {
  test('R01 a run whose process died is ended after half a day; one that somebody is at, or goes on with later, is not', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
    t.after(() => jobs.close())
    const [dead, giant, waits] = [await aTenant(store), await aTenant(store), await aTenant(store)]
    const begin = (tenantId: TenantId, job: string) =>
      asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId(), job }))
    for (const tenantId of [dead, giant]) for (const job of ['sync-tenant', 'report']) await begin(tenantId, job)
    const { id } = await begin(waits, 'sync-tenant')
    await asTenant(store, waits, (sql) => letRunWait(sql, id, { refused: false }))
    await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId: giant }))
    await jobs.boss.fetch('sync-tenant')
    await using place = await holdPlace(jobs, 'run-job', { tenantId: giant, job: 'report' })
    assert.ok(place)
    clock.pass(13 * HOUR)
    await tidy({ store, jobs, clock, config: { syncEveryMinutes: 60, app: {} } as unknown as Config })
    const states = async (tenantId: TenantId) => [
      (await asTenant(store, tenantId, (sql) => latestRun(sql)))?.state,
      (await asTenant(store, tenantId, (sql) => latestRun(sql, 'report')))?.state,
    ]
    assert.deepEqual(await states(dead), ['interrupted', 'interrupted'])
    assert.deepEqual(await states(giant), ['running', 'running'])
    assert.deepEqual(await states(waits), ['waiting', undefined])
  })
})
