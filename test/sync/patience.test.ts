import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { RuleInput } from '#emulator/index.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { countResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { listTroubles } from '#store/troubles.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { leapingClock } from '#test/support/leaping-clock.ts'

const SECOND = 1_000
const PAGES = 9
const PEOPLE = 8 * 999 + 10
const never = new AbortController().signal
const clock = leapingClock()
let fleet: Fleet
let large: TenantId
let small: TenantId

before(async () => {
  fleet = await openFleet({ tenants: 2, users: PEOPLE, groups: 0, clock })
  clock.follow((milliseconds) => fleet.emulator.clock.advance({ seconds: milliseconds / SECOND }))
  ;[large, small] = fleet.tenantIds as [TenantId, TenantId]
})
after(() => fleet[Symbol.asyncDispose]())
beforeEach(async () => {
  fleet.emulator.mischief.clear()
  fleet.emulator.requests.clear()
  for (const tenantId of [large, small])
    await asTenant(fleet.tools.store, tenantId, ({ db }) => sql`delete from tenantry.sync_cursors`.execute(db))
})

const sync = (tenantId: TenantId) => syncTenant(fleet.tools, { tenantId, signal: never })
const state = async (tenantId: TenantId) => (await asTenant(fleet.tools.store, tenantId, latestRun))?.state
const asked = (tenantId: TenantId) => fleet.emulator.requests.list({ tenantId, path: '/users/delta' })
const inSeconds = (seconds: number) => new Date(fleet.emulator.clock.now().getTime() + seconds * SECOND).toUTCString()

/** What waits in the queue goes on when it is due, by the clock that was turned. */
async function goOnOnce(tenantId: TenantId): Promise<void> {
  const [job] = await fleet.tools.jobs.boss.findJobs('sync-tenant', { key: tenantId, queued: true })
  assert.ok(job, 'what waits has its continuation in the queue')
  await fleet.tools.jobs.boss.deleteJob('sync-tenant', job.id)
  clock.pass(Math.max(0, job.startAfter.getTime() - clock.now().getTime()))
  await sync(tenantId)
}
async function goOn(tenantId: TenantId): Promise<void> {
  while ((await state(tenantId)) === 'waiting') await goOnOnce(tenantId)
}

/** What Graph may say, and between how many seconds we wait then. A pause of our own begins with half a second to one. */
const STATEMENTS: readonly { says: string; header: () => string | undefined; least: number; most: number }[] = [
  { says: 'seconds', header: () => '17', least: 17, most: 18 },
  { says: 'a fraction of a second more', header: () => '2.128', least: 2.128, most: 3 },
  { says: 'a date', header: () => inSeconds(42), least: 41, most: 42 },
  { says: 'nothing', header: () => undefined, least: 0.5, most: 1 },
  { says: 'nought', header: () => '0', least: 0.5, most: 1 },
  { says: 'less than nothing', header: () => '-5', least: 0.5, most: 1 },
  { says: 'ten minutes', header: () => '600', least: 600, most: 600 },
  { says: 'thirty years', header: () => '1000000000', least: 3_600, most: 3_600 },
  { says: 'a word', header: () => 'soon', least: 0.5, most: 1 },
  { says: 'a date that is over', header: () => inSeconds(-3_600), least: 0.5, most: 1 },
]
/** The machine's own time passes, too, while the hands stand still. */
const SLACK_SECONDS = 30

for (const { says, header, least, most } of STATEMENTS)
  test(`G05 on page 3 of 9 Graph asks for patience and says ${says}: waited for, and gone on there`, async () => {
    const retryAfter = header()
    fleet.emulator.mischief.add({
      at: 'graph',
      match: { path: '/users/delta', tenant: large },
      nth: 3,
      times: 1,
      answer: { status: 429, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } },
    })
    await sync(large)
    if (least > 2) {
      assert.equal(await state(large), 'waiting')
      await sync(small)
      assert.deepEqual([await state(small), await state(large)], ['succeeded', 'waiting'], 'others go on')
    }
    await goOn(large)

    assert.equal(await state(large), 'succeeded')
    const pages = asked(large)
    assert.deepEqual(
      pages.map(({ status }) => status),
      [200, 200, 429, ...Array.from({ length: PAGES - 2 }, () => 200)],
    )
    assert.equal(pages[3]?.query, pages[2]?.query, 'the same page is asked for again')
    assert.equal(new Set(pages.map(({ query }) => query)).size, PAGES, 'and no other twice')
    const waited = ((pages[3]?.at.getTime() ?? 0) - (pages[2]?.at.getTime() ?? 0)) / SECOND
    assert.ok(waited >= least - 0.005 && waited <= most + SLACK_SECONDS, `${waited} s`)
    assert.equal((await asTenant(fleet.tools.store, large, countResources)).user, PEOPLE)
  })

const THIRTY_YEARS = { 'retry-after': '1000000000' }
const tooMany = JSON.stringify({
  error: 'invalid_grant',
  error_codes: [90055],
  error_description: 'AADSTS90055: The tenant tenantName is throttled due to too many requests.',
})
/** Ways in which such a word reaches the run without anybody having waited for it. */
const SAID_BY: readonly { who: string; rules: (headers: Record<string, string>) => RuleInput[] }[] = [
  {
    who: 'Entra ID',
    rules: (headers) => [{ at: 'token', times: 1, answer: { status: 429, headers, body: tooMany } }],
  },
  {
    who: 'Graph by another status than usual',
    rules: (headers) => [{ at: 'graph', times: 1, answer: { status: 509, headers } }],
  },
  {
    who: 'Graph when it is asked for the last time',
    rules: (headers) => [
      { at: 'graph', times: 5, answer: { status: 429, headers: { 'retry-after': '1' } } },
      { at: 'graph', nth: 6, times: 1, answer: { status: 429, headers } },
    ],
  },
]

/** Put off once, and read the next time. @returns how long it waited */
async function secondsPutOff(rules: RuleInput[]): Promise<number> {
  forgetTenant(fleet.tools.entra, large)
  fleet.emulator.mischief.set(rules)
  await sync(large)
  assert.equal(await state(large), 'waiting')
  const begunAt = clock.now().getTime()
  await goOnOnce(large)
  assert.equal(await state(large), 'succeeded')
  return (clock.now().getTime() - begunAt) / SECOND
}

for (const { who, rules } of SAID_BY) {
  test(`G05 thirty years are an hour, and no turn is dropped for longer: said by ${who}`, async () => {
    const waited = await secondsPutOff(rules(THIRTY_YEARS))
    assert.ok(waited > 3_500 && waited <= 3_600 + SLACK_SECONDS, `${waited} s`)
  })

  test(`G05 whoever else names a date is waited for: ${who}`, async () => {
    const waited = await secondsPutOff(rules({ 'retry-after': inSeconds(600), date: inSeconds(0) }))
    assert.ok(waited > 500 && waited <= 600 + SLACK_SECONDS, `${waited} s`)
  })
}

test('G05 hours in which nobody asked are no hours in which Graph refused', async () => {
  const answer = { status: 429, headers: {} }
  fleet.emulator.mischief.set([{ at: 'graph', match: { path: '/users/delta', tenant: large }, answer }])
  await sync(large)
  clock.pass(5 * 3_600 * SECOND)
  await goOnOnce(large)
  assert.equal(await state(large), 'waiting')
  fleet.emulator.mischief.clear()
  await goOn(large)
  assert.equal(await state(large), 'succeeded')
})

test('G05 Graph that asks for patience without end is asked more and more rarely, and after hours that is a failure', async () => {
  const HOUR = 3_600 * SECOND
  const match = { path: '/users/delta', tenant: large }
  const answer = { status: 429, headers: {} }
  const begunAt = clock.now().getTime()
  fleet.emulator.mischief.set([{ at: 'graph', match, answer }])
  await sync(large)
  for (let wait = 0; clock.now().getTime() - begunAt < 3 * HOUR; wait++) {
    assert.ok(wait < 40, 'the pauses grow')
    await goOnOnce(large)
  }
  assert.equal(await state(large), 'waiting')

  // One page comes through, and then none again: the patience begins anew.
  fleet.emulator.mischief.set([{ at: 'graph', match, nth: 2, answer }])
  // The page comes through somewhere within this try, which rests by itself for some seconds after it.
  const gotOnAt = clock.now().getTime()
  await goOnOnce(large)
  fleet.emulator.mischief.set([{ at: 'graph', match, answer }])
  while (clock.now().getTime() - gotOnAt < 3 * HOUR) await goOnOnce(large)
  assert.equal(await state(large), 'waiting')

  await assert.rejects(goOn(large), (error) => diagnose(error).code === 'THROTTLED')
  const hours = (clock.now().getTime() - gotOnAt) / HOUR
  assert.ok(hours >= 4 && hours < 5, `${hours} hours`)
  const run = await asTenant(fleet.tools.store, large, latestRun)
  assert.deepEqual([run?.state, run?.diagnosis?.code, run?.diagnosis?.owner], ['failed', 'THROTTLED', 'microsoft'])
  const troubles = await asFleet(fleet.tools.store, listTroubles)
  assert.deepEqual(
    troubles.map(({ code, tenants }) => [code, tenants]),
    [['THROTTLED', 1]],
  )
  fleet.emulator.mischief.clear()
  await sync(large)
  await goOn(large)
  assert.equal(await state(large), 'succeeded')
  assert.equal((await asTenant(fleet.tools.store, large, countResources)).user, PEOPLE)
})
