import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Config } from '#config.ts'
import { findOverlooked, planJobs } from '#flows/plan-jobs.ts'
import { tidy } from '#flows/tidy.ts'
import { openJobs } from '#jobs/open.ts'
import type { RunId } from '#model/ids.ts'
import { listTurns } from '#store/job-schedules.ts'
import { asFleet, asTenant, type Store } from '#store/open.ts'
import { openRounds } from '#store/rounds.ts'
import { addSignUp, findSignUp } from '#store/sign-ups.ts'
import { finishRun, listRuns, startRun } from '#store/sync-runs.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { DAY, HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aTenant, madeUp } from '#test/support/made-up.ts'

const config = { syncEveryMinutes: 60, app: {} } as unknown as Config

forEachBackend(({ freshStore }) => {
  test('R10 a worker whose clock is a day ahead plans, reads and misses nothing for the others', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
    t.after(() => jobs.close())
    const tools = { store, jobs, config }
    const fast: Store = { ...store, clock: { ...clock, now: () => new Date(clock.now().getTime() + DAY) } }
    const ids = await Promise.all(Array.from({ length: 12 }, () => aTenant(store)))
    await planJobs(tools)
    await findOverlooked(tools)
    await openRounds(fast).begin({ tenantId: ids[0] ?? assert.fail(), runId: randomUUID() as RunId })
    let readings = 0
    for (let minute = 0; minute < 180; minute++) {
      clock.pass(MINUTE)
      await planJobs(minute === 5 ? { ...tools, store: fast } : tools)
      for (const { id } of await jobs.boss.findJobs('sync-tenant', { queued: true })) {
        readings++
        await jobs.boss.deleteJob('sync-tenant', id)
      }
    }
    assert.equal(readings, 3 * ids.length)
    for (const id of ids)
      for (const { dueAt } of await asTenant(store, id, listTurns))
        assert.ok(dueAt.getTime() - clock.now().getTime() <= HOUR, dueAt.toISOString())
  })

  test('R10 a worker whose clock is months ahead clears nothing away that is kept', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
    t.after(() => jobs.close())
    const tenantId = await aTenant(store)
    const signUpId = madeUp.signUpId()
    await asTenant(store, tenantId, async (sql) => {
      for (let run = 0; run < 2; run++) {
        const { id } = await startRun(sql, { id: madeUp.runId() })
        await finishRun(sql, id, { state: 'succeeded', diagnosis: null })
      }
      await startRun(sql, { id: madeUp.runId(), job: 'report' })
    })
    await asFleet(store, (sql) =>
      addSignUp(sql, {
        id: signUpId,
        stateHash: 'a hash',
        invitedTenantId: null,
        expiresAt: new Date(clock.now().getTime() + 10 * MINUTE),
      }),
    )
    const ahead = { ...clock, now: () => new Date(clock.now().getTime() + 90 * DAY) }
    await tidy({ store: { ...store, clock: ahead }, jobs, clock: ahead, config })
    assert.deepEqual(
      (await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 9 }))).map(({ state }) => state).toSorted(),
      ['running', 'succeeded', 'succeeded'],
    )
    assert.ok(await asFleet(store, (sql) => findSignUp(sql, signUpId)))
  })
})
