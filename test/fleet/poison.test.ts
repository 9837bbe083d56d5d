import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { tasks } from '#daemon/tasks.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { QUEUES } from '#jobs/names.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { openFleet } from '#test/support/fleet.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { until } from '#test/support/until.ts'

const TENANTS = 6

/**
 * One worker with one place. While the hands stand still a tenant whose reading always fails can go neither on nor back:
 * whatever is done for the others meanwhile, they have not waited a moment for it.
 */
test('R05 a tenant whose every try fails delays the start of no other, and ends in the dead letters', async (t) => {
  const clock = handClock(new Date())
  const fleet = await openFleet({ tenants: TENANTS, users: 3, groups: 1, clock })
  t.after(() => fleet[Symbol.asyncDispose]())
  const { tools, emulator, tenantIds } = fleet
  const [poison, ...others] = tenantIds as [TenantId, ...TenantId[]]
  const { store, jobs } = tools
  emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/', tenant: poison }, answer: { status: 503 } })

  const ask = (tenantId: TenantId) => asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
  const stateOfPoison = async () =>
    (await jobsIn(jobs, 'sync-tenant')).find(({ data }) => data.tenantId === poison)?.state
  const timesRead = async () => {
    const { rows } = await asFleet(store, ({ db }) =>
      sql<{ least: number; most: number }>`
      select min(read)::int as least, max(read)::int as most from (
        select count(*) filter (where run.state = 'succeeded') as read
        from tenantry.tenants tenant left join tenantry.sync_runs run on run.tenant_id = tenant.id
        where tenant.id <> ${poison} group by tenant.id) as each`.execute(db),
    )
    return rows[0]
  }

  await ask(poison)
  const nothingElse = { watch: async () => {}, 'plan-jobs': async () => {} }
  const runner = startRunner(jobs, { ...tasks(tools), ...nothingElse }, { concurrency: 1 })
  const tries = QUEUES['sync-tenant'].retryLimit + 1
  for (let round = 1; round <= tries; round += 1) {
    await until('it is in the middle of failing', () => clock.sleepers() > 0)
    const now = clock.now()
    emulator.requests.clear()
    for (const tenantId of others) await ask(tenantId)
    await until('all others have been read', async () => (await timesRead())?.least === round)
    assert.deepEqual([await stateOfPoison(), clock.now(), (await timesRead())?.most], ['active', now, round])
    const begun = new Set(emulator.requests.list({ path: '/v1.0/' }).map(({ tenantId }) => tenantId))
    assert.deepEqual([...begun], others, 'in the order in which they were asked for')
    await until('the try has failed', async () => {
      clock.pass(MINUTE)
      return (await stateOfPoison()) !== 'active'
    })
    await sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(store.kysely)
  }
  await runner.stop()
  assert.equal(await stateOfPoison(), 'failed')
  assert.deepEqual(
    (await jobsIn(jobs, 'dead-letter')).map(({ data }) => data),
    [{ tenantId: poison }],
  )
})
