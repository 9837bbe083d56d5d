import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RawBuilder, sql as raw } from 'kysely'
import type { RunId, TenantId } from '#model/ids.ts'
import { asFleet, asTenant, type FleetSql } from '#store/database/open.ts'
import {
  finishRun,
  haveSucceeded,
  interruptRuns,
  latestRun,
  listRuns,
  listUnended,
  type OldRunsMark,
  recordPage,
  removeOldRuns,
  startRun,
} from '#store/sync-runs.ts'
import { takeTenantsDue } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { DAY, HOUR, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { explaining, rowsRead } from '#test/support/rows-read.ts'

forEachBackend(({ store: shared, freshStore, clock }) => {
  test('a run counts its pages and ends once', async () => {
    const store = await shared()
    const tenantId = await aTenant(store)
    const id = madeUp.runId()
    await asTenant(store, tenantId, (sql) => startRun(sql, { id }))
    const startedAt = clock.now()
    await asTenant(store, tenantId, async (sql) => {
      await recordPage(sql, id, { kind: 'user', count: 100 })
      await recordPage(sql, id, { kind: 'user', count: 20 })
      await recordPage(sql, id, { kind: 'group', count: 8, removed: 3 })
      await recordPage(sql, id, { kind: 'device', count: 5 })
      await recordPage(sql, id, { kind: 'printer', count: 0 })
    })
    clock.pass(MINUTE)
    const finish = (end: Parameters<typeof finishRun>[2]) => asTenant(store, tenantId, (sql) => finishRun(sql, id, end))
    assert.equal(await finish({ state: 'succeeded', diagnosis: null }), true)
    const finished = {
      id,
      tenantId,
      job: 'sync-tenant',
      state: 'succeeded',
      startedAt,
      finishedAt: clock.now(),
      pages: 5,
      counts: { organization: 0, subscribedSku: 0, user: 120, group: 8, servicePrincipal: 0, device: 5 },
      users: 120,
      groups: 8,
      removed: 3,
      progress: null,
      diagnosis: null,
    }
    assert.deepEqual(await asTenant(store, tenantId, latestRun), finished)
    clock.pass(MINUTE)
    assert.equal(await finish({ state: 'failed', diagnosis: aDiagnosis() }), false)
    assert.deepEqual(await asTenant(store, tenantId, latestRun), finished, 'a late word changes nothing')
  })

  test('R01 a run whose process died is marked as interrupted when the next one starts', async () => {
    const store = await shared()
    const [tenantId, other] = [await aTenant(store), await aTenant(store)]
    const [died, next, others] = [madeUp.runId(), madeUp.runId(), madeUp.runId()]
    await asTenant(store, tenantId, (sql) => startRun(sql, { id: died }))
    await asTenant(store, other, (sql) => startRun(sql, { id: others }))
    clock.pass(MINUTE)
    await asTenant(store, tenantId, (sql) => startRun(sql, { id: next }))
    const states = async (id: typeof tenantId) =>
      (await asTenant(store, id, (sql) => listRuns(sql, { limit: 10 }))).map((run) => [run.id, run.state])
    assert.deepEqual(await states(tenantId), [
      [next, 'running'],
      [died, 'interrupted'],
    ])
    assert.deepEqual(await states(other), [[others, 'running']])
  })

  test('starting a run is a try: the tenant is not due again at once', async (t) => {
    const store = await freshStore(t, { clock })
    const tenantId = await aTenant(store)
    await asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId() }))
    const due = () =>
      asFleet(store, (sql) =>
        takeTenantsDue(sql, {
          states: ['active'],
          triedBeforeDays: 1,
          changedWithinDays: 30,
          limit: 10,
        }),
      )
    assert.deepEqual(await due(), [])
    clock.pass(DAY + 1)
    assert.deepEqual(await due(), [tenantId])
  })

  test('the fleet sees all runs, the latest first, those that are under way among them, and can end them', async (t) => {
    const store = await freshStore(t, { clock })
    const [old, young, ended] = [await aTenant(store), await aTenant(store), await aTenant(store)]
    const died = madeUp.runId()
    await asTenant(store, old, (sql) => startRun(sql, { id: died }))
    clock.pass(HOUR)
    await asTenant(store, young, (sql) => startRun(sql, { id: madeUp.runId() }))
    await asTenant(store, ended, async (sql) => {
      const { id } = await startRun(sql, { id: madeUp.runId() })
      await finishRun(sql, id, { state: 'succeeded', diagnosis: null })
    })
    const found = await asFleet(store, (sql) => listUnended(sql, { jobs: [] }))
    assert.deepEqual(new Set(found.map(({ tenantId }) => tenantId)), new Set([old, young]))
    const dead = found.filter(({ id }) => id === died)
    assert.deepEqual(
      dead.map(({ tenantId, job }) => [tenantId, job]),
      [[old, 'sync-tenant']],
    )
    await asFleet(store, (sql) => interruptRuns(sql, dead))
    const runs = await asFleet(store, (sql) => listRuns(sql, { limit: 10 }))
    assert.deepEqual(
      new Map(runs.map(({ tenantId, state }) => [tenantId, state])),
      new Map([
        [ended, 'succeeded'],
        [young, 'running'],
        [old, 'interrupted'],
      ]),
    )
  })

  test('what is old is cleared away at the cost of what is looked at, and what stays is looked at once', async (t) => {
    const store = await freshStore(t, { clock })
    // A hundred that were read once, each longer ago than all the runs of thirty others.
    const run = (began: RawBuilder<unknown>, tenants: RawBuilder<unknown>) =>
      asFleet(store, ({ db }) =>
        raw`
          insert into tenantry.sync_runs (tenant_id, id, job, state, started_at, finished_at)
          select tenant, gen_random_uuid(), 'sync-tenant', 'succeeded', ${clock.now()}::timestamptz - ${began}, ${clock.now()}
          from ${tenants}`.execute(db),
      )
    await run(raw`interval '90 days'`, raw`(select gen_random_uuid() as tenant from generate_series(1, 100)) once`)
    const others = Array.from({ length: 30 }, () => madeUp.tenantId())
    await run(
      raw`interval '80 days' + hours * interval '1 hour'`,
      raw`unnest(${others}::uuid[]) tenant, generate_series(1, 1000) hours`,
    )
    await raw`analyze tenantry.sync_runs`.execute(store.kysely)
    const limit = 100
    const explained: unknown[] = []
    await asFleet(store, (sql) => removeOldRuns(explaining(sql, explained), { limit, after: null }))
    const read = rowsRead(explained, 'sync_runs')
    assert.ok(read <= 4 * limit, `${read} runs are looked at for ${limit}`)

    let looks = 0
    for (let after: OldRunsMark | null | undefined; after !== null; looks++)
      after = await asFleet(store, (sql) => removeOldRuns(sql, { limit: 1_000, after: after ?? null }))
    // The explained one has removed nothing: the oldest hundred are each the latest of a tenant.
    assert.equal(looks, 31)
    const { rows } = await asFleet(store, ({ db }) =>
      raw<{ left: number }>`select count(*)::int as left from tenantry.sync_runs`.execute(db),
    )
    assert.equal(rows[0]?.left, 100 + 30)
  })

  test('R05 what has succeeded since is found by the latest runs alone, however many are kept', async (t) => {
    const store = await freshStore(t, { clock })
    const tenants = await Promise.all([1, 2, 3, 4].map(() => aTenant(store)))
    const kept = raw`
      insert into tenantry.sync_runs (tenant_id, id, job, state, started_at, finished_at)
      select tenant, gen_random_uuid(), 'sync-tenant', 'succeeded', began, began + interval '1 minute'
      from unnest(${tenants}::uuid[]) tenant,
        generate_series(${clock.now()}::timestamptz - interval '30 days', ${clock.now()}, interval '1 hour') began`
    await asFleet(store, ({ db }) => kept.execute(db))
    await raw`analyze tenantry.sync_runs`.execute(store.kysely)
    const [ended, failed, other, begunBefore] = tenants as [TenantId, TenantId, TenantId, TenantId]
    const since = new Date(clock.now().getTime() + MINUTE / 2)
    const begin = (tenantId: TenantId, job = 'sync-tenant') =>
      asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId(), job }))
    const end = (tenantId: TenantId, { id }: { id: RunId }, state: 'succeeded' | 'failed' = 'succeeded') =>
      asTenant(store, tenantId, (sql) =>
        finishRun(sql, id, { state, diagnosis: state === 'failed' ? aDiagnosis() : null }),
      )
    const early = await begin(begunBefore)
    clock.pass(MINUTE)
    await end(begunBefore, early)
    await end(ended, await begin(ended))
    await end(failed, await begin(failed), 'failed')
    await end(other, await begin(other, 'another'))
    const letters = [ended, failed, other, begunBefore].map((tenantId) => ({
      id: tenantId,
      tenantId,
      job: 'sync-tenant',
      since,
    }))
    const ask = (sql: FleetSql) => haveSucceeded(sql, letters)
    assert.deepEqual(await asFleet(store, ask), [ended])

    const explained: unknown[] = []
    await asFleet(store, (sql) => ask(explaining(sql, explained)))
    const read = rowsRead(explained, 'sync_runs')
    assert.ok(read <= letters.length, `${read} rows of ${4 * 721}`)
  })
})
