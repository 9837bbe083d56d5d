import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueryConfig } from 'pg'
import { tasks } from '#daemon/tasks.ts'
import { watchIncidents } from '#flows/incidents/watch-incidents.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { countResources } from '#store/resources.ts'
import { listRuns } from '#store/sync-runs.ts'
import { findTenant, letRest, triesOf } from '#store/tenants.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { DAY, MINUTE } from '#test/support/hand-clock.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { madeUp } from '#test/support/made-up.ts'
import { holdAnswers } from '#test/support/microsoft-gate.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import { waitingForLocks } from '#test/support/waiting-for-locks.ts'

/** `done`, or the code of what it failed with. */
type Outcome = string
const outcomeOf = (work: Promise<unknown>): Promise<Outcome> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : diagnose(error).code),
  )

/**
 * Both want what somebody holds, one after the other, and get it in that order once he lets go. Whoever came with other
 * things in his hands, which the first wants next, ends in a deadlock.
 */
async function queueUp(
  databaseUrl: string,
  held: QueryConfig,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<Outcome[]> {
  return withClient(await seeingEverything(databaseUrl), async (holder) => {
    const waiting = async (count: number) =>
      (await waitingForLocks(holder)).filter((query) => query.includes('tenantry.')).length >= count
    await holder.query('begin')
    const { rowCount } = await holder.query(held)
    assert.equal(rowCount, 1)
    const outcomes = [outcomeOf(first())]
    await until('the first waits', () => waiting(1))
    outcomes.push(outcomeOf(second()))
    await until('both wait', () => waiting(2))
    await holder.query('rollback')
    return Promise.all(outcomes)
  })
}

const theTenant = (id: TenantId): QueryConfig => ({
  text: 'select 1 from tenantry.tenants where id = $1 for no key update',
  values: [id],
})
const theObject = (id: string): QueryConfig => ({
  text: 'select 1 from tenantry.resources where id = $1 for update',
  values: [id],
})

/** Whoever was sacrificed to a deadlock may say something else: the server has counted it once all have left. */
async function withoutDeadlock(
  tenants: number,
  work: (fleet: Fleet, databaseUrl: string) => Promise<void>,
): Promise<void> {
  const databaseUrl = await freshDatabase()
  const onServer = async () => {
    await using fleet = await openFleet({ databaseUrl, tenants, users: 5, groups: 1 })
    await work(fleet, databaseUrl)
  }
  await onServer()
  await withClient(await seeingEverything(databaseUrl), async (client) => {
    const ask = async (what: string) =>
      (await client.query(`select ${what} where datname = current_database()`)).rows[0]
    await until('all have left', async () => (await ask('count(*)::int from pg_stat_activity')).count === 1)
    assert.equal((await ask('deadlocks::int from pg_stat_database')).deadlocks, 0)
  })
}
const { signal } = new AbortController()

test('R04 a tenant is ended while a page of changes is on its way: one after the other, and nothing of the page is left', () =>
  withoutDeadlock(1, async (fleet, databaseUrl) => {
    const { tools, emulator, tenantIds } = fleet
    const [tenantId] = tenantIds as [TenantId]
    await syncTenant(tools, { tenantId, signal })
    const [ada = { id: '' }] = ((await fleet.change(tenantId, 'GET', '/users')) as { value: { id: string }[] }).value
    await fleet.change(tenantId, 'PATCH', `/users/${ada.id}`, { displayName: 'Ada Renamed' })
    using answer = holdAnswers(emulator, { name: 'GET /v1.0/users/delta' })
    const reading = syncTenant(tools, { tenantId, signal })
    reading.catch(() => {})
    await until('the page is on its way', () => answer.count() === 1)
    const outcomes = await queueUp(
      databaseUrl,
      theObject(ada.id),
      () => {
        answer.release()
        return reading
      },
      () => offboardTenant(tools, { tenantId, actor: 'operator:test', reason: 'It is over.' }),
    )
    assert.deepEqual(outcomes, ['RUN_SUPERSEDED', 'done'])
    assert.equal((await asFleet(tools.store, (sql) => findTenant(sql, tenantId)))?.state, 'offboarded')
    const left = await asTenant(tools.store, tenantId, countResources)
    assert.deepEqual([...new Set(Object.values(left))], [0])
  }))

test('R02 a run that ends badly and lets the tenant rest, while the next one begins: one after the other', () =>
  withoutDeadlock(1, async (fleet, databaseUrl) => {
    const { tools, emulator, tenantIds } = fleet
    const [tenantId] = tenantIds as [TenantId]
    const other = await fleet.moreTools()
    const body = '{"error":{"code":"Authorization_RequestDenied","message":"x"}}'
    const headers = { 'content-type': 'application/json' }
    emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/groups' }, answer: { status: 403, headers, body } })
    using answer = holdAnswers(emulator, { name: 'GET /v1.0/users/delta' })
    const failing = syncTenant(tools, { tenantId, signal })
    failing.catch(() => {})
    await until('what comes before the refusal is on its way', () => answer.count() === 1)
    const outcomes = await queueUp(
      databaseUrl,
      theTenant(tenantId),
      () => other.rounds.begin({ tenantId, runId: madeUp.runId() }),
      () => {
        answer.release()
        return failing
      },
    )
    assert.deepEqual(outcomes, ['done', 'RUN_SUPERSEDED'])
    const runs = await asTenant(tools.store, tenantId, (sql) => listRuns(sql, { limit: 3 }))
    assert.deepEqual(
      runs.map(({ state }) => state),
      ['running', 'interrupted'],
    )
    assert.equal((await asTenant(tools.store, tenantId, triesOf)).restUntil, null)
  }))

test('R02 whoever takes many tenants back, or ends their rests, while others begin work in them: one after the other', () =>
  withoutDeadlock(12, async (fleet, databaseUrl) => {
    const { tools, emulator, tenantIds } = fleet
    const other = await fleet.moreTools()
    const read = (tenantId: TenantId) => tasks(tools)['sync-tenant']({ tenantId }, aJobContext(tenantId))
    const beginAll = () =>
      Promise.all(tenantIds.map((tenantId) => other.rounds.begin({ tenantId, runId: madeUp.runId() })))
    const [a, b, c, d, last, ...others] = tenantIds as [TenantId, TenantId, TenantId, TenantId, TenantId]
    emulator.mischief.add({ at: 'token', aadsts: 7_000_229 })
    // Taken for revoked in the opposite order, so that they lie in it.
    for (const tenantId of [d, c, b, a]) await read(tenantId).catch(() => {})
    const isHeld = async () => (await asFleet(tools.store, (sql) => listIncidents(sql, { open: true }))).length
    assert.equal(await isHeld(), 0)
    const restored = await queueUp(databaseUrl, theTenant(a), beginAll, () =>
      read(last).catch((error: unknown) => assert.equal(diagnose(error).code, 'SERVICE_PRINCIPAL_MISSING')),
    )
    assert.deepEqual(restored, ['done', 'done'])
    assert.equal(await isHeld(), 1)

    // Another process has not heard of it.
    for (const tenantId of others) await syncTenant(other, { tenantId, signal }).catch(() => {})
    emulator.mischief.clear()
    for (const tenantId of tenantIds.toReversed())
      await asTenant(tools.store, tenantId, (sql) => letRest(sql, DAY / MINUTE))
    const ended = await queueUp(databaseUrl, theTenant(a), beginAll, () => watchIncidents(tools))
    assert.deepEqual(ended, ['done', 'done'])
    assert.equal(await isHeld(), 0)
  }))
