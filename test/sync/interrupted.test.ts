import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql as raw } from 'kysely'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { allowRemovals } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import { countResources, listResources } from '#store/resources.ts'
import { latestRun, listRuns } from '#store/sync-runs.ts'
import { findTenant, triesOf } from '#store/tenants.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'

const never = new AbortController().signal
const clock = hurriedClock()
let fleet: Fleet
let next = 0
/** Every test has a tenant of its own. */
let tenantId: TenantId

before(async () => {
  fleet = await openFleet({ tenants: 10, users: 2_500, groups: 2, clock })
})
after(() => fleet[Symbol.asyncDispose]())
beforeEach(() => {
  fleet.emulator.mischief.clear()
  fleet.emulator.requests.clear()
  tenantId = fleet.tenantIds[next] as TenantId
  next += 1
})

const sync = (signal = never) => syncTenant(fleet.tools, { tenantId, signal })
const run = () => asTenant(fleet.tools.store, tenantId, latestRun)
const stored = () => asTenant(fleet.tools.store, tenantId, countResources)
const pagesAsked = () =>
  fleet.emulator.requests.list({ tenantId, path: '/users/delta' }).filter(({ status }) => status === 200).length

/** Breaks a run off at its third page; some people are there by then. */
async function breakOff(): Promise<void> {
  fleet.emulator.mischief.add({
    at: 'graph',
    match: { path: '/users/delta', tenant: tenantId },
    nth: 3,
    answer: { status: 400, headers: {}, body: '{}' },
  })
  await assert.rejects(sync())
  assert.equal((await run())?.state, 'failed')
  const before = (await stored()).user
  assert.ok(before > 0 && before < 2_500, `${before} of 2,500 are there`)
  fleet.emulator.mischief.clear()
  fleet.emulator.requests.clear()
}

test('a run that is broken off goes on at the page it had reached', async () => {
  await breakOff()
  await sync()
  assert.equal((await stored()).user, 2_500)
  assert.equal(pagesAsked(), 1, 'only the page that was missing was asked for')
})

test('G09 a page link that was kept for too long is not followed: everything is read anew, and who left meanwhile goes', async () => {
  await breakOff()
  const [left] = await asTenant(fleet.tools.store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: 1 }))
  await fleet.change(tenantId, 'DELETE', `/users/${left?.id}`)
  await asTenant(fleet.tools.store, tenantId, ({ db }) =>
    raw`update tenantry.sync_cursors set updated_at = updated_at - interval '7 days' where kind = 'user'`.execute(db),
  )
  await sync()
  assert.deepEqual([pagesAsked(), (await stored()).user], [3, 2_499])
})

/** A worker that falls asleep before its nth question to Graph. */
function fallingAsleep(nth: number) {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const slow = {
    ...fleet.tools,
    graphAsApp: (id: TenantId, options?: { longestPauseMilliseconds?: number }) => {
      const graph = fleet.tools.graphAsApp(id, options)
      let asked = 0
      return {
        ...graph,
        token: async (how?: { fresh?: boolean }) => {
          asked += 1
          if (asked === nth) {
            reach()
            await released
          }
          return graph.token(how)
        },
      }
    },
  }
  return { reached, release, sync: () => syncTenant(slow, { tenantId, signal: never }) }
}

test('R02 what a run hears after it was taken over says nothing about the tenant any more', async () => {
  const worker = fallingAsleep(1)
  const late = worker.sync()
  await worker.reached
  await sync()
  const headers = { 'content-type': 'application/json' }
  const body = '{"error":{"code":"Authorization_RequestDenied","message":"x"}}'
  fleet.emulator.mischief.add({ at: 'graph', match: { tenant: tenantId }, answer: { status: 403, headers, body } })
  worker.release()
  await assert.rejects(late, (error) => diagnose(error).code === 'RUN_SUPERSEDED')
  const tenant = await asTenant(fleet.tools.store, tenantId, (sql) => findTenant(sql, tenantId))
  const { restUntil } = await asTenant(fleet.tools.store, tenantId, triesOf)
  assert.deepEqual([tenant?.state, restUntil], ['active', null])
})

test('a run that was taken over is fenced off: its next page is not stored', async () => {
  const { store } = fleet.tools
  const { reached, release, sync: syncLate } = fallingAsleep(2)
  const late = syncLate()
  await reached
  await sync()
  const whole = await run()
  release()
  await assert.rejects(late, (error) => diagnose(error).code === 'RUN_SUPERSEDED')
  assert.deepEqual(await run(), whole)
  assert.deepEqual(
    (await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 10 }))).map(({ state }) => state).sort(),
    ['interrupted', 'succeeded'],
  )
  assert.equal((await stored()).user, 2_500)
})

test('when Graph asks for patience the run waits in the queue, not on a worker, and goes on where it was', async () => {
  fleet.emulator.mischief.add({
    at: 'graph',
    match: { path: '/users/delta', tenant: tenantId },
    nth: 2,
    times: 1,
    answer: { status: 429, headers: { 'retry-after': '7' }, body: '{"error":{"code":"TooManyRequests","message":""}}' },
  })
  await sync()
  const waiting = await run()
  assert.equal(waiting?.state, 'waiting')
  const [job] = await fleet.tools.jobs.boss.findJobs<{ tenantId: string }>('sync-tenant', {
    key: tenantId,
    queued: true,
  })
  assert.equal(job?.data.tenantId, tenantId)
  assert.ok((job?.startAfter.getTime() ?? 0) > Date.now(), 'the continuation is not due at once')
  const asked = () => fleet.emulator.requests.list({ tenantId, path: '/users/delta' }).length
  const before = asked()
  await sync()
  assert.deepEqual([(await run())?.state, asked()], ['waiting', before], 'whoever comes too early does not ask')
  clock.pass(7_000)
  await sync()
  const done = await run()
  assert.deepEqual([done?.id, done?.state, done?.users], [waiting?.id, 'succeeded', 2_500])
})

test('G09 a reading that would remove a large share stops and asks, and goes on once an operator allows it', async () => {
  await sync()
  const match = { path: '/users/delta', tenant: tenantId }
  const headers = { 'content-type': 'application/json' }
  const empty = { value: [], '@odata.deltaLink': `${fleet.emulator.origin}/v1.0/users/delta?$deltatoken=made-up` }
  const forgetThenShowNobody = () =>
    fleet.emulator.mischief.set([
      { at: 'graph', match, times: 1, answer: { status: 410, headers, body: '{"error":{"code":"resyncRequired"}}' } },
      { at: 'graph', match, nth: 2, answer: { status: 200, headers, body: JSON.stringify(empty) } },
    ])
  forgetThenShowNobody()
  await assert.rejects(sync(), (error) => diagnose(error).code === 'REMOVAL_TOO_LARGE')
  assert.equal((await stored()).user, 2_500, 'nothing was removed')
  assert.equal((await run())?.diagnosis?.owner, 'operator')
  await asTenant(fleet.tools.store, tenantId, (sql) => allowRemovals(sql, ['user']))
  forgetThenShowNobody()
  await sync()
  assert.equal((await stored()).user, 0)
})

test('G09 a removal that comes in parts is none until the last part, and none of it when it is too large', async () => {
  await sync()
  const people = await asTenant(fleet.tools.store, tenantId, (sql) =>
    listResources(sql, { kind: 'user', limit: 1_400 }),
  )
  const gone = people.map(({ id }) => ({ id, '@removed': { reason: 'changed' } }))
  const match = { path: '/users/delta', tenant: tenantId }
  const answer = (value: unknown[], link: object) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ value, ...link }),
  })
  const at = 'graph' as const
  const link = (token: string) => `${fleet.emulator.origin}/v1.0/users/delta?${token}`
  const first = answer(gone.slice(0, 700), { '@odata.nextLink': link('$skiptoken=made-up') })
  const last = answer(gone.slice(700), { '@odata.deltaLink': link('$deltatoken=made-up') })
  fleet.emulator.mischief.set([
    { at, match, times: 1, answer: first },
    { at, match, nth: 2, times: 1, answer: last },
  ])
  await assert.rejects(sync(), { message: /would remove 1400 of 2500 stored objects of kind user/ })
  assert.equal((await stored()).user, 2_500, 'nothing was removed')
  fleet.emulator.mischief.set([{ at, match, answer: last }])
  await assert.rejects(sync(), (error) => diagnose(error).code === 'REMOVAL_TOO_LARGE')
  assert.equal((await stored()).user, 2_500, 'nor at the next turn')
  await asTenant(fleet.tools.store, tenantId, (sql) => allowRemovals(sql, ['user']))
  await sync()
  assert.deepEqual([(await stored()).user, (await run())?.removed], [1_100, 1_400])
})
