import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { cursorToBeginWith } from '#flows/sync/cursor-to-begin-with.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { DEAD_LETTER, JOB_NAMES } from '#jobs/names.ts'
import { openJobs } from '#jobs/open.ts'
import { BUILT_IN_RESOURCES } from '#model/built-in-resources.ts'
import { BUILT_IN_KINDS } from '#model/resource.ts'
import { listCursors } from '#store/cursors.ts'
import { assertMigrated, migrate } from '#store/database/migrate.ts'
import { asFleet, asTenant, openStore } from '#store/database/open.ts'
import { MIGRATIONS } from '#store/migrations/index.ts'
import { listResources } from '#store/resources.ts'
import { listRuns, startRun } from '#store/sync-runs.ts'
import { findTenant, moveTenant } from '#store/tenants.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { aResource, madeUp } from '#test/support/made-up.ts'
import { migrateTo, openAsThen } from '#test/support/older-release.ts'
import { refusedWith } from '#test/support/problem.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

/** Delta was there already, jobs of the ISV's own were not yet. */
const OLDER = '0002-delta'

forEachBackend(({ freshPlace }) => {
  test('R07 what an older release has stored is there after the upgrade, and is gone on with', async (t) => {
    const place = await freshPlace(t)
    const older = await openAsThen(place)
    await migrateTo(older, OLDER)
    const [tenantId, runId, generation] = [madeUp.tenantId(), madeUp.runId(), madeUp.generationId()]
    const ada = aResource('user', 'Ada')
    const at = new Date()
    // The statements of the older release, as it had them.
    await asTenant(older, tenantId, async ({ db }) => {
      await raw`insert into tenantry.tenants (id, display_name, state, connected_at, created_at, updated_at)
        values (${tenantId}, 'Fabrikam', 'active', ${at}, ${at}, ${at})`.execute(db)
      await raw`insert into tenantry.resources (tenant_id, kind, id, display_name, properties, generation, arrived_at, updated_at)
        values (${tenantId}, 'user', ${ada.id}, 'Ada', ${JSON.stringify(ada.properties)}::jsonb, ${generation}, ${at}, ${at})`.execute(
        db,
      )
      await raw`insert into tenantry.sync_runs (tenant_id, id, state, started_at, pages, users)
        values (${tenantId}, ${runId}, 'running', ${at}, 1, 1)`.execute(db)
      await raw`insert into tenantry.sync_cursors (tenant_id, kind, generation, delta_link, delta_at, updated_at)
        select ${tenantId}, kind, ${generation}, 'https://graph.example/' || kind, ${at}, ${at}
        from unnest(${BUILT_IN_KINDS}::text[]) as kind`.execute(db)
      await raw`insert into tenantry.audit (tenant_id, at, actor, action) values (${tenantId}, ${at}, 'daemon', 'tenant.connected')`.execute(
        db,
      )
    })
    const olderJobs = await openJobs({ store: older, log: silentLog, work: false, migrate: true })
    await olderJobs.close()
    await older.close()

    const store = await openStore({ ...place, clock: systemClock, log: silentLog })
    t.after(() => store.close())
    const { message } = await refusedWith('CONFIGURATION_INVALID', () => assertMigrated(store))
    assert.match(message, /older than this program/)

    const { from, to } = await migrate(store)
    assert.deepEqual([from, to], [OLDER, Object.keys(MIGRATIONS).at(-1)])
    await assertMigrated(store)
    await using jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
    assert.ok(await asTenant(store, tenantId, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId })))
    const found = await asTenant(store, tenantId, async (sql) => ({
      tenant: await findTenant(sql, tenantId),
      users: await listResources(sql, { kind: 'user', limit: 10 }),
      runs: await listRuns(sql, { limit: 10, of: 'directory' }),
      cursors: await listCursors(sql),
    }))
    assert.equal(found.tenant?.displayName, 'Fabrikam')
    assert.deepEqual(found.users, [ada])
    assert.deepEqual(
      found.runs.map(({ id, state, users, counts }) => [id, state, users, counts.user]),
      [[runId, 'running', 1, 1]],
    )
    // What was asked for until now counts as the same question: nobody's directory is read anew because of the upgrade.
    for (const definition of BUILT_IN_RESOURCES) {
      const known = found.cursors.find(({ kind }) => kind === definition.kind) ?? null
      assert.ok(known)
      assert.equal(cursorToBeginWith(definition, known, at).deltaLink, known.deltaLink, definition.kind)
    }
    // The run that the old process left behind is taken over, and work goes on in the new tables too.
    await asTenant(store, tenantId, async (sql) => {
      await startRun(sql, { id: madeUp.runId() })
      await upsertResources(sql, generation, [aResource('user', 'Bob')])
    })
    await asFleet(store, (sql) =>
      moveTenant(sql, { id: tenantId, to: 'suspended', actor: 'daemon', reason: 'Upgraded.', diagnosis: null }),
    )
    const states = await asTenant(store, tenantId, async (sql) =>
      (await listRuns(sql, { limit: 10 })).map(({ state }) => state),
    )
    assert.deepEqual(states.toSorted(), ['interrupted', 'running'])
  })

  test('R07 R02 what two processes of an older release began at once is one run after the upgrade, and stays one', async (t) => {
    const place = await freshPlace(t)
    const older = await openAsThen(place)
    await migrateTo(older, '0006-rests')
    const [twice, once] = [madeUp.tenantId(), madeUp.tenantId()]
    const begin = (tenantId: typeof twice, minute: number, state = 'running', into = older) =>
      asTenant(into, tenantId, ({ db }) =>
        raw`insert into tenantry.sync_runs (tenant_id, id, job, state, started_at)
          values (${tenantId}, ${madeUp.runId()}, 'the-job', ${state}, ${new Date(Date.UTC(2026, 0, 1, 0, minute))})`.execute(
          db,
        ),
      )
    await begin(twice, 2)
    await begin(twice, 1)
    await begin(twice, 0, 'waiting')
    await begin(once, 0)
    await older.close()
    const store = await openStore({ ...place, clock: systemClock, log: silentLog })
    t.after(() => store.close())
    await migrate(store)
    const states = (tenantId: typeof twice) =>
      asTenant(store, tenantId, async (sql) =>
        (await listRuns(sql, { limit: 9 })).map(({ state, finishedAt }) => [state, finishedAt !== null]),
      )
    assert.deepEqual(await states(twice), [
      ['running', false],
      ['interrupted', true],
      ['interrupted', true],
    ])
    assert.deepEqual(await states(once), [['running', false]])
    for (const state of ['running', 'waiting'])
      await assert.rejects(begin(once, 3, state, store), /sync_runs_unfinished/)
  })

  test('R07 a queue that only an older release knew goes, with its schedule and what waits in it; the others stay', async (t) => {
    const store = await openStore({ ...(await freshPlace(t)), clock: systemClock, log: silentLog })
    t.after(() => store.close())
    await migrate(store)
    const tenantId = madeUp.tenantId()
    const open = () => openJobs({ store, log: silentLog, work: false, migrate: true })
    {
      await using jobs = await open()
      // As the older release had it.
      await jobs.boss.createQueue('plan-syncs', { policy: 'stately', retryLimit: 0 })
      await jobs.boss.schedule('plan-syncs', '* * * * *', {}, { singletonKey: 'plan-syncs' })
      await jobs.boss.send('plan-syncs', {}, { singletonKey: 'plan-syncs' })
      await asTenant(store, tenantId, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId }))
    }
    await using jobs = await open()
    const queues = (await jobs.boss.getQueues()).map(({ name }) => name)
    assert.deepEqual(queues.filter((name) => !name.startsWith('__')).toSorted(), [DEAD_LETTER, ...JOB_NAMES].toSorted())
    const scheduled = (await jobs.boss.getSchedules()).map(({ name }) => name)
    assert.deepEqual(scheduled.toSorted(), ['plan-jobs', 'tidy', 'watch'])
    const { rows } = await raw<{ name: string }>`select name from pgboss.job`.execute(store.kysely)
    assert.deepEqual(rows, [{ name: 'sync-tenant' }])
  })

  test('R07 a release that is older than the schema changes nothing, and says which one is needed', async (t) => {
    const store = await openStore({ ...(await freshPlace(t)), clock: systemClock, log: silentLog })
    t.after(() => store.close())
    await migrate(store)
    const newest = Object.keys(MIGRATIONS).at(-1) ?? ''
    const next = { ...MIGRATIONS[newest] }
    // As the older release has it: it does not know the newest migration.
    delete MIGRATIONS[newest]
    try {
      for (const start of [migrate, assertMigrated]) {
        const { message, nextStep } = await refusedWith('CONFIGURATION_INVALID', () => start(store))
        assert.match(message, new RegExp(`newer than this program \\(${newest}\\)`))
        assert.match(nextStep, /Start the release that wrote it, or a newer one/)
      }
    } finally {
      MIGRATIONS[newest] = next as (typeof MIGRATIONS)[string]
    }
    await assertMigrated(store)
  })
})
