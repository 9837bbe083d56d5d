import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { tasks } from '#daemon/tasks.ts'
import { listLagging } from '#flows/fleet/list-lagging.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { APP_OF_TESTS, type Fleet, openFleet } from '#test/support/fleet.ts'
import { HOUR, MINUTE } from '#test/support/hand-clock.ts'
import { leapingClock } from '#test/support/leaping-clock.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { until } from '#test/support/until.ts'

const clock = leapingClock()
const signal = new AbortController().signal
let fleet: Fleet
let putOff: TenantId
let failing: TenantId

before(async () => {
  fleet = await openFleet({ tenants: 2, users: 10, groups: 1, clock, app: { ...APP_OF_TESTS, syncEveryMinutes: 10 } })
  ;[putOff, failing] = fleet.tenantIds as [TenantId, TenantId]
})
after(() => fleet[Symbol.asyncDispose]())

const inTheQueue = async (tenantId: TenantId) => {
  const [job] = (await jobsIn(fleet.tools.jobs, 'sync-tenant')).filter(({ data }) => data.tenantId === tenantId)
  return job ?? assert.fail('nothing waits')
}
const lagOf = async (tenantId: TenantId) =>
  (await listLagging(fleet.tools, { limit: 10 })).find(({ id }) => id === tenantId) ?? assert.fail()

test('G05 a run that Graph puts off says why, and when it goes on, however soon the next turn comes', async () => {
  const { tools, emulator } = fleet
  emulator.mischief.add({
    at: 'graph',
    match: { tenant: putOff, path: '/delta' },
    times: 1,
    answer: { status: 429, headers: { 'retry-after': '3600' } },
  })
  await syncTenant(tools, { tenantId: putOff, signal })
  const { runs, nextTryAt } = await showTenant(tools, putOff)
  assert.deepEqual([runs[0]?.state, runs[0]?.diagnosis?.code], ['waiting', 'THROTTLED'])
  const wait = (nextTryAt?.getTime() ?? 0) - clock.now().getTime()
  assert.ok(wait > HOUR - MINUTE && wait < HOUR + MINUTE, `${wait}`)
  const { code, dueAt } = await lagOf(putOff)
  assert.deepEqual([code, dueAt], ['THROTTLED', nextTryAt])

  const { id } = await inTheQueue(putOff)
  await tools.jobs.boss.deleteJob('sync-tenant', id)
  clock.pass(wait)
  await syncTenant(tools, { tenantId: putOff, signal })
  const [run, ...before] = (await showTenant(tools, putOff)).runs
  assert.deepEqual(
    [run?.state, run?.diagnosis, before],
    ['succeeded', null, []],
    'it went on, and nothing is left of it',
  )
})

test('a failure that is tried again in the same turn is told with that try, not with the next turn', async () => {
  const { tools, emulator } = fleet
  emulator.mischief.add({ at: 'graph', match: { tenant: failing }, answer: { status: 503 } })
  await asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId: failing }))
  const runner = startRunner(tools.jobs, tasks(tools), { concurrency: 1 })
  await until('it waits for another try', async () => (await inTheQueue(failing)).state === 'retry')
  await runner.stop()
  const { startAfter } = await inTheQueue(failing)
  const { runs, nextTryAt } = await showTenant(tools, failing)
  assert.deepEqual([runs[0]?.state, runs[0]?.diagnosis?.code], ['failed', 'UNAVAILABLE'])
  assert.deepEqual(nextTryAt, startAfter)
  assert.deepEqual((await lagOf(failing)).dueAt, startAfter)
})
