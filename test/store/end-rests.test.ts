import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RawBuilder, sql as raw } from 'kysely'
import type { ProblemCode } from '#model/problem.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { endRests } from '#store/end-rests.ts'
import { listTurns, putOffTurn, scheduleJobs } from '#store/job-schedules.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { letRest, triesOf } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { DAY, HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'

forEachBackend(({ freshStore }) => {
  test('work that has met the trouble that is over goes on; what has failed otherwise, or before, still rests', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const now = clock.now()
    const later = new Date(now.getTime() + DAY)
    const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds)
    const job = { job: 'report', schedule: 'every hour', previous: ago(HOUR), next: ago(-HOUR), spreadSeconds: 1 }
    /** A tenant whose directory and report have both failed so at that moment, and rest for a day. */
    const resting = async (code: ProblemCode, startedAt: Date) => {
      const tenantId = await aTenant(store)
      await asFleet(store, (sql) => scheduleJobs(sql, [job]))
      await asTenant(store, tenantId, async (sql) => {
        for (const name of ['sync-tenant', 'report']) {
          const then = { ...sql, at: raw`${startedAt}::timestamptz` as RawBuilder<Date> }
          const { id } = await startRun(then, { id: madeUp.runId(), job: name })
          await finishRun(then, id, { state: 'failed', diagnosis: aDiagnosis({ code }) })
        }
        await letRest(sql, DAY / MINUTE)
        await putOffTurn(sql, 'report', DAY / MINUTE)
      })
      return tenantId
    }
    const met = await resting('CONSENT_MISSING', ago(MINUTE))
    const others = [await resting('RESOURCE_UNAVAILABLE', ago(MINUTE)), await resting('CONSENT_MISSING', ago(3 * HOUR))]
    await asFleet(store, (sql) => endRests(sql, { since: ago(HOUR), code: 'CONSENT_MISSING' }))
    const rests = (tenantId: typeof met) =>
      asTenant(store, tenantId, async (sql) => [(await triesOf(sql)).restUntil, (await listTurns(sql))[0]?.dueAt])
    const [restUntil, dueAt] = await rests(met)
    assert.equal(restUntil, null)
    assert.ok(dueAt && dueAt < later)
    for (const tenantId of others) assert.deepEqual(await rests(tenantId), [later, later])
  })
})
