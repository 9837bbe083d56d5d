import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { runJob } from '#flows/runs/run-job.ts'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/database/open.ts'
import { latestRun } from '#store/sync-runs.ts'
import { appWithJob, type Run } from '#test/own-jobs/support/one-job.ts'
import { openFleet } from '#test/support/fleet.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { leapingClock } from '#test/support/leaping-clock.ts'
import { refusedWith } from '#test/support/problem.ts'

const TIMEOUT_MINUTES = 5
const never = new AbortController().signal

/** What each tenant's job does: told when it is begun. */
async function open<Hands extends Clock>(clock: Hands) {
  let work: (run: Run) => Promise<void> = async () => {}
  const app = appWithJob((run) => work(run), { timeoutMinutes: TIMEOUT_MINUTES })
  const fleet = await openFleet({ users: 3, groups: 1, app, clock })
  const [tenantId] = fleet.tenantIds as [TenantId]
  return {
    fleet,
    run(doing: typeof work) {
      work = doing
      return runJob(fleet.tools, { tenantId, job: 'the-job', signal: never })
    },
    latest: () => asTenant(fleet.tools.store, tenantId, (sql) => latestRun(sql, 'the-job')),
  }
}

test('a job that takes longer than it may is told to stop, and given up soon after where it does not listen', async () => {
  const clock = handClock(new Date())
  const { fleet, run, latest } = await open(clock)
  await using _open = fleet
  for (const listens of [true, false]) {
    const begun = Promise.withResolvers<AbortSignal>()
    const outcome = refusedWith('JOB_TIMED_OUT', () =>
      run(({ signal }) => {
        begun.resolve(signal)
        return new Promise((_, reject) => listens && signal.addEventListener('abort', () => reject(signal.reason)))
      }),
    )
    const signal = await begun.promise
    clock.pass(TIMEOUT_MINUTES * MINUTE - 1)
    assert.equal(signal.aborted, false)
    clock.pass(1)
    await Promise.resolve()
    assert.equal(signal.aborted, true)
    if (!listens) clock.pass(MINUTE)
    await outcome
    const found = await latest()
    assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'JOB_TIMED_OUT'])
    assert.equal(clock.sleepers(), 0)
  }
})

test('of a run that is over nothing goes on waiting, neither for its time to pass nor to look after it', async () => {
  const clock = handClock(new Date())
  const { fleet, run } = await open(clock)
  await using _open = fleet
  for (let time = 0; time < 5; time++) assert.equal(await run(async () => {}), 'succeeded')
  assert.equal(clock.sleepers(), 0)
})

test('G05 a job that Graph puts off without a word of how long waits in the queue like any other', async () => {
  const clock = leapingClock()
  const { fleet, run, latest } = await open(clock)
  await using _open = fleet
  clock.follow((milliseconds) => fleet.emulator.clock.advance({ seconds: milliseconds / 1_000 }))
  fleet.emulator.mischief.add({ at: 'graph', match: { path: '/groups' }, answer: { status: 429, headers: {} } })
  const asking = async ({ graph }: Run) => void (await graph.api('/groups').get())
  const begunAt = clock.now().getTime()
  assert.equal(await run(asking), 'waiting')
  const [job] = await fleet.tools.jobs.boss.findJobs('run-job', { queued: true })
  assert.ok(job && job.startAfter.getTime() > begunAt + 3_000)
  fleet.emulator.mischief.clear()
  assert.equal(await run(asking), 'succeeded')
  assert.equal((await latest())?.state, 'succeeded')
})
