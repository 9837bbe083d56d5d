import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { systemClock } from '#base/clock.ts'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { migrate } from '#store/database/migrate.ts'
import { asFleet, asFleetOnTime, asTenant, openStore, type Store } from '#store/database/open.ts'
import { prepareRoles } from '#store/database/roles.ts'
import { openRounds } from '#store/rounds.ts'
import { runFigures } from '#store/run-figures.ts'
import { syncLag } from '#store/sync-lag.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { listTroubles } from '#store/troubles.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { migrateTo } from '#test/support/older-release.ts'
import { explaining, rowsRead } from '#test/support/rows-read.ts'

const blocked = aDiagnosis({ code: 'CONDITIONAL_ACCESS' })

const run = (store: Store, tenantId: TenantId, state: 'succeeded' | 'failed' | 'interrupted', job = DIRECTORY_SYNC) =>
  asTenant(store, tenantId, async (sql) => {
    const { id } = await startRun(sql, { id: madeUp.runId(), job })
    await finishRun(sql, id, { state, diagnosis: state === 'failed' ? blocked : null })
  })

forEachBackend(({ freshStore, freshPlace }) => {
  test('what the latest runs came to is known, however they ended', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const [well, ill, mended] = [await aTenant(store), await aTenant(store), await aTenant(store)]
    const began = clock.now()
    for (const tenantId of [well, ill, mended]) await run(store, tenantId, 'succeeded')
    clock.pass(HOUR)
    await run(store, ill, 'failed')
    await run(store, mended, 'failed')
    clock.pass(HOUR)
    await run(store, ill, 'interrupted')
    // A round without changes, which ends with others in one statement.
    const rounds = openRounds(store)
    const runId = madeUp.runId()
    assert.ok(await rounds.begin({ tenantId: mended, runId }))
    assert.ok(await rounds.succeed({ tenantId: mended, runId, unchanged: [] }))
    // What nobody plans any more is nobody’s trouble.
    await run(store, well, 'failed', 'gone')

    const { worst, neverRead } = await asFleet(store, (sql) => syncLag(sql, { worst: 10 }))
    const readAt = Object.fromEntries(worst.map((one) => [one.id, one.readAt]))
    assert.deepEqual(readAt, { [well]: began, [ill]: began, [mended]: clock.now() })
    assert.equal(neverRead, 0)
    const troubles = await asFleet(store, listTroubles)
    assert.deepEqual(
      troubles.map(({ code, tenants, exampleTenant, since }) => [code, tenants, exampleTenant.id, since]),
      [[blocked.code, 1, ill, new Date(began.getTime() + HOUR)]],
    )
  })

  test('how the fleet is costs what there are tenants, not for how long they have been failing', async (t) => {
    const store = await freshStore(t)
    for (let count = 0; count < 3; count++) {
      const tenantId = await aTenant(store)
      await run(store, tenantId, 'succeeded')
      await asFleet(store, ({ db, at }) =>
        raw`
          insert into tenantry.sync_runs (tenant_id, id, job, state, started_at, finished_at, diagnosis)
          select ${tenantId}, gen_random_uuid(), ${DIRECTORY_SYNC}, 'failed', ${at}::timestamptz + make_interval(mins => n),
            ${at}, ${JSON.stringify(blocked)}::jsonb from generate_series(1, 720) n`.execute(db),
      )
      await run(store, tenantId, 'failed')
    }
    await raw`analyze tenantry.sync_runs`.execute(store.kysely)
    const explained: unknown[] = []
    await asFleet(store, async (sql) => {
      const explainedSql = explaining(sql, explained)
      await syncLag(explainedSql, { worst: 2 })
      await listTroubles(explainedSql)
    })
    const read = rowsRead(explained, 'sync_runs')
    assert.ok(read <= 2, `${read} runs, instead of one for each of the worst`)
  })

  test('R07 what an older release knew of its runs is known after the upgrade', async (t) => {
    const place = await freshPlace(t)
    const older = await openStore({ ...place, clock: systemClock, log: silentLog })
    await prepareRoles(older)
    await migrateTo(older, '0019-without-refusals')
    const tenantId = madeUp.tenantId()
    const at = new Date()
    const ago = (minutes: number) => new Date(at.getTime() - minutes * MINUTE)
    await asFleet(older, async ({ db }) => {
      await raw`insert into tenantry.tenants (id, display_name, state, connected_at, created_at, updated_at)
        values (${tenantId}, 'Fabrikam', 'active', ${ago(90)}, ${ago(90)}, ${ago(90)})`.execute(db)
      for (const [minutes, state] of [
        [60, 'succeeded'],
        [30, 'failed'],
        [10, 'interrupted'],
      ] as const)
        await raw`insert into tenantry.sync_runs (tenant_id, id, job, state, started_at, finished_at, diagnosis)
          values (${tenantId}, ${madeUp.runId()}, ${DIRECTORY_SYNC}, ${state}, ${ago(minutes)}, ${ago(minutes - 1)},
            ${state === 'failed' ? JSON.stringify(blocked) : null}::jsonb)`.execute(db)
    })
    await older.close()
    const store = await openStore({ ...place, clock: systemClock, log: silentLog })
    t.after(() => store.close())
    await migrate(store)
    const { worst } = await asFleet(store, (sql) => syncLag(sql, { worst: 1 }))
    assert.deepEqual(worst[0]?.readAt, ago(59))
    const troubles = await asFleet(store, listTroubles)
    assert.deepEqual(
      troubles.map(({ code, since }) => [code, since]),
      [[blocked.code, ago(29)]],
    )
  })

  test('runs are counted by the hour wherever the database’s server stands', async (t) => {
    const store = await freshStore(t)
    await run(store, await aTenant(store), 'succeeded')
    const { hours } = await asFleetOnTime(store, async (sql) => {
      await raw`set local timezone = 'Asia/Kolkata'`.execute(sql.db)
      return runFigures(sql, { hours: 24 })
    })
    assert.equal(
      hours.reduce((sum, { succeeded }) => sum + succeeded, 0),
      1,
    )
  })
})
