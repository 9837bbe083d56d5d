import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Config } from '#config.ts'
import { tidy } from '#flows/fleet/tidy.ts'
import { findOverlooked, planJobs } from '#flows/queue/plan-jobs.ts'
import type { RunId } from '#model/ids.ts'
import { asFleet, asTenant, type Store } from '#store/database/open.ts'
import { listTurns } from '#store/job-schedules.ts'
import { openRounds } from '#store/rounds.ts'
import { addSignUp, findSignUp, removeExpiredSignUps, takeSignUp } from '#store/sign-ups.ts'
import { finishRun, latestRun, letRunWait, listRuns, startRun } from '#store/sync-runs.ts'
import { letRest, triesOf } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { DAY, HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { freshQueue } from '#test/support/open-queue.ts'

const config = { syncEveryMinutes: 60, app: {} } as unknown as Config

forEachBackend((backend) => {
  const { freshStore } = backend
  test('R10 a worker whose clock is a day ahead plans, reads and misses nothing for the others', async (t) => {
    const clock = handClock()
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const tools = { store, jobs, config }
    const fast = withClockAhead(store, DAY)
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
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const tenantId = await aTenant(store)
    const signUpId = madeUp.signUpId()
    for (let run = 0; run < 2; run++) {
      await asTenant(store, tenantId, async (sql) => {
        const { id } = await startRun(sql, { id: madeUp.runId() })
        await finishRun(sql, id, { state: 'succeeded', diagnosis: null })
      })
      // The older one is kept for a month; of two at the same moment both would be.
      clock.pass(MINUTE)
    }
    await asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId(), job: 'report' }))
    await asFleet(store, (sql) =>
      addSignUp(sql, {
        id: signUpId,
        stateHash: 'a hash',
        invitedTenantId: null,
        validMinutes: 10,
      }),
    )
    const ahead = withClockAhead(store, 90 * DAY)
    await tidy({ store: ahead, jobs, config })
    assert.deepEqual(
      (await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 9 }))).map(({ state }) => state).toSorted(),
      ['running', 'succeeded', 'succeeded'],
    )
    assert.ok(await asFleet(store, (sql) => findSignUp(sql, signUpId)))
  })

  test('R10 a site whose clock is wrong neither ends a sign-up that was begun at another one nor prolongs its own', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const behind = withClockAhead(store, -HOUR)
    const ahead = withClockAhead(store, HOUR)
    const begin = async (site: Store) => {
      const [id, stateHash] = [madeUp.signUpId(), randomUUID()]
      await asFleet(site, (sql) => addSignUp(sql, { id, stateHash, invitedTenantId: null, validMinutes: 10 }))
      return { id, stateHash }
    }
    const take = (site: Store, { stateHash }: { stateHash: string }) =>
      asFleet(site, (sql) => takeSignUp(sql, { stateHash }))
    const [early, late, tooLate] = [await begin(store), await begin(behind), await begin(ahead)]
    await asFleet(ahead, removeExpiredSignUps)
    assert.ok(await asFleet(store, (sql) => findSignUp(sql, early.id)))
    assert.equal(await take(ahead, early), 'taken')
    assert.equal(await take(store, late), 'taken')
    clock.pass(11 * MINUTE)
    assert.equal(await take(behind, tooLate), 'expired')
  })

  test('R10 what a worker whose clock is days ahead has met rests for no longer than with any other, and ended now', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const ahead = withClockAhead(store, 3 * DAY)
    const tenantId = await aTenant(store)
    const id = madeUp.runId()
    await asTenant(store, tenantId, (sql) => startRun(sql, { id, job: 'report' }))
    const { waits, hours } = await asTenant(ahead, tenantId, (sql) =>
      letRunWait(sql, id, { refused: aDiagnosis({ code: 'THROTTLED' }) }),
    )
    assert.deepEqual([waits, hours], [1, 0], 'it has not been put off for days')
    await asTenant(ahead, tenantId, async (sql) => {
      await startRun(sql, { id: madeUp.runId(), job: 'report' })
      await finishRun(sql, id, { state: 'failed', diagnosis: aDiagnosis({ code: 'PERMISSION_MISSING' }) })
      await letRest(sql, 60)
    })
    const { run, tries } = await asTenant(store, tenantId, async (sql) => ({
      run: await latestRun(sql, 'report'),
      tries: await triesOf(sql),
    }))
    assert.deepEqual([run?.startedAt, run?.finishedAt], [clock.now(), clock.now()])
    assert.deepEqual(tries.restUntil, new Date(clock.now().getTime() + HOUR))
  })
})

/** The same database, seen by a process whose own clock is so far ahead of it. */
const withClockAhead = (store: Store, milliseconds: number): Store => {
  const { clock } = store
  return { ...store, clock: { ...clock, now: () => new Date(clock.now().getTime() + milliseconds) } }
}
