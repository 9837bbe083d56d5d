import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { type Log, openLog } from '#base/log.ts'
import { claimJob } from '#jobs/claim-job.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { JOB_NAMES, type JobContext, QUEUES } from '#jobs/names.ts'
import { type Jobs, openJobs } from '#jobs/open.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { migrate } from '#store/database/migrate.ts'
import { asFleet, openStore, type Store } from '#store/database/open.ts'
import { forEachBackend, silentLog, temporaryFolder } from '#test/support/backends.ts'
import { MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, madeUp } from '#test/support/made-up.ts'
import { freshQueue, jobsIn, tasksThat } from '#test/support/open-queue.ts'
import { closeDatabase, freshDatabase, reopenDatabase, withClient } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import { waitingForLocks } from '#test/support/waiting-for-locks.ts'

const ask = (store: Store, jobs: Jobs, tenantId: TenantId) =>
  asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))

const stateOf = async (jobs: Jobs, tenantId: TenantId) =>
  (await jobsIn(jobs, 'sync-tenant')).find(({ data }) => data.tenantId === tenantId)?.state

/** The time to wait before the next try is over: the database's clock cannot be turned, so the moment is. */
const letWaitingBeDue = ({ kysely }: Store) =>
  sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(kysely)

function gate(): { open(): void; opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, opened: promise }
}

forEachBackend((backend) => {
  test('every job that is asked for is done once, never more of a kind at a time than allowed', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const wanted = Array.from({ length: 12 }, madeUp.tenantId)
    for (const tenantId of wanted) await ask(store, jobs, tenantId)
    const done: TenantId[] = []
    let [running, most] = [0, 0]
    const together = gate()
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId, { attempt }) => {
        assert.equal(attempt, 0)
        running += 1
        most = Math.max(most, running)
        if (running === 3) together.open()
        await together.opened
        running -= 1
        done.push(tenantId)
      }),
      { concurrency: 3 },
    )
    await until('all are done', () => done.length >= wanted.length)
    await runner.stop()
    assert.deepEqual(done.toSorted(), wanted.toSorted())
    assert.equal(most, 3)
    for (const tenantId of wanted) assert.equal(await stateOf(jobs, tenantId), 'completed')
  })

  test('G05 whoever only waits gives its place to another, and comes back when there is one', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [waits, ...others] = Array.from({ length: 4 }, madeUp.tenantId) as [TenantId, TenantId, TenantId, TenantId]
    await ask(store, jobs, waits)
    const done: TenantId[] = []
    let [working, most] = [0, 0]
    const patience = gate()
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId, { aside }) => {
        working += 1
        most = Math.max(most, working)
        if (tenantId === waits) {
          working -= 1
          await aside(() => patience.opened)
          working += 1
        }
        most = Math.max(most, working)
        if (tenantId === others[2]) patience.open()
        await until('a moment has passed', () => true)
        working -= 1
        done.push(tenantId)
      }),
      { concurrency: 1 },
    )
    await until('it waits', async () => (await stateOf(jobs, waits)) === 'active')
    for (const tenantId of others) await ask(store, jobs, tenantId)
    await until('all are done', () => done.length === 4)
    await runner.stop()
    assert.deepEqual([done, most], [[...others, waits], 1])
  })

  test('G05 a job that waits for several things at once gives its one place away once, and takes one back', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [waits, ...others] = Array.from({ length: 4 }, madeUp.tenantId) as [TenantId, TenantId, TenantId, TenantId]
    await ask(store, jobs, waits)
    const patience = gate()
    let [working, most, done] = [0, 0, 0]
    const work = async () => {
      working += 1
      most = Math.max(most, working)
      for (let moment = 0; moment < 3; moment++) await until('a moment has passed', () => true)
      working -= 1
      done += 1
    }
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId, { aside }) => {
        if (tenantId === waits) await Promise.all([1, 2, 3].map(() => aside(() => patience.opened)))
        await work()
      }),
      { concurrency: 1 },
    )
    await until('it waits', async () => (await stateOf(jobs, waits)) === 'active')
    for (const tenantId of others) await ask(store, jobs, tenantId)
    await until('the others are done in its place', () => done === 3)
    assert.equal(most, 1, 'one at a time')
    patience.open()
    await until('it is done, too', () => done === 4)
    await runner.stop()
  })

  test('what is being prepared takes no place, but nothing else is fetched for that place meanwhile', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const second = await openJobs({ store, log: silentLog, work: false, migrate: false })
    t.after(() => second.close())
    const [first, next] = [madeUp.tenantId(), madeUp.tenantId()]
    for (const tenantId of [first, next]) await ask(store, jobs, tenantId)
    const ready = gate()
    const done: string[] = []
    const preparing = tasksThat(async (tenantId, { prepare }) => {
      await prepare(() => ready.opened)
      done.push(`first worker: ${tenantId}`)
    })
    const runner = startRunner(jobs, preparing, { concurrency: 1 })
    await until('it is being prepared', async () => (await stateOf(jobs, first)) === 'active')
    const other = startRunner(
      second,
      tasksThat(async (tenantId) => void done.push(`second worker: ${tenantId}`)),
      { concurrency: 1 },
    )
    await until('another worker has had the next one', async () => (await stateOf(jobs, next)) === 'completed')
    ready.open()
    await until('both are done', () => done.length === 2)
    await Promise.all([runner.stop(), other.stop()])
    assert.deepEqual(done, [`second worker: ${next}`, `first worker: ${first}`])
  })

  test('whoever only waits for its end to be written leaves its place to another, and a stop waits for it', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [ends, next] = [madeUp.tenantId(), madeUp.tenantId()]
    await ask(store, jobs, ends)
    const done: TenantId[] = []
    const written = gate()
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId, { leave }) => {
        if (tenantId === ends) {
          leave()
          await written.opened
        }
        done.push(tenantId)
      }),
      { concurrency: 1 },
    )
    await until('it ends', async () => (await stateOf(jobs, ends)) === 'active')
    await ask(store, jobs, next)
    await until('the other one has had its place', async () => (await stateOf(jobs, next)) === 'completed')
    const stopped = runner.stop()
    written.open()
    await stopped
    assert.deepEqual(done, [next, ends])
    assert.equal(await stateOf(jobs, ends), 'completed')
  })

  test('however many only wait, a worker holds sixteen for each place beside the one in it; the rest is another’s', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const second = await openJobs({ store, log: silentLog, work: false, migrate: false })
    t.after(() => second.close())
    const wanted = Array.from({ length: 60 }, madeUp.tenantId)
    for (const tenantId of wanted) await ask(store, jobs, tenantId)
    const patience = gate()
    let [held, others] = [0, 0]
    const waiting = tasksThat(async (_, { aside }) => {
      held += 1
      await aside(() => patience.opened)
    })
    const runner = startRunner(jobs, waiting, { concurrency: 1 })
    await until('it holds as many as it may', () => held >= 17)
    const other = startRunner(
      second,
      tasksThat(async () => {
        others += 1
        await until('a moment has passed', () => true)
      }),
      { concurrency: 1 },
    )
    await until('nothing waits in the queue', () => held + others === wanted.length)
    assert.deepEqual([held, others], [17, 43])
    patience.open()
    await Promise.all([runner.stop(), other.stop()])
  })

  test('a stop tells whoever waits aside, and it is tried again', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    let waiting = false
    const runner = startRunner(
      jobs,
      tasksThat((_, { aside, signal }) =>
        aside(() => {
          waiting = true
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        }),
      ),
      { concurrency: 1 },
    )
    await until('it waits', () => waiting)
    await runner.stop({ graceMilliseconds: 0 })
    assert.equal(await stateOf(jobs, tenantId), 'retry')
  })

  test('two workers on one queue never do the same tenant at the same time', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    const first = gate()
    let [running, most, done] = [0, 0, 0]
    const tasks = tasksThat(async () => {
      running += 1
      most = Math.max(most, running)
      await first.opened
      running -= 1
      done += 1
    })
    const second = await openJobs({ store, log: silentLog, work: false, migrate: false })
    t.after(() => second.close())
    const runners = [startRunner(jobs, tasks, { concurrency: 2 }), startRunner(second, tasks, { concurrency: 2 })]
    await until('the first one runs', () => running === 1)
    assert.equal(await ask(store, jobs, tenantId), true)
    const bystander = madeUp.tenantId()
    await ask(store, jobs, bystander)
    await until('another tenant runs beside it', () => running === 2)
    first.open()
    await until('all three are done', () => done === 3)
    assert.equal(most, 2, 'the second job of the tenant waited for its first')
    for (const runner of runners) await runner.stop()
  })

  test('a failure that waiting can mend is tried again, and told which try it is', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    const attempts: number[] = []
    const runner = startRunner(
      jobs,
      tasksThat(async (_, { attempt }) => {
        attempts.push(attempt)
        if (attempt < 2) throw new Problem(aDiagnosis({ code: 'UNAVAILABLE', owner: 'microsoft', retry: 'backoff' }))
      }),
      { concurrency: 1 },
    )
    for (const failed of [1, 2]) {
      await until(
        'it has failed',
        async () => attempts.length === failed && (await stateOf(jobs, tenantId)) === 'retry',
      )
      const waiting = (await jobsIn(jobs, 'sync-tenant'))[0]
      assert.ok(waiting && waiting.startAfter.getTime() > waiting.startedOn.getTime(), 'it waits before the next try')
      assert.match(JSON.stringify(waiting.output), /UNAVAILABLE/)
      await letWaitingBeDue(store)
    }
    await until('it is done', async () => (await stateOf(jobs, tenantId)) === 'completed')
    await runner.stop()
    assert.deepEqual(attempts, [0, 1, 2])
  })

  test('a failure that only somebody’s act can mend is not tried again', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    let tries = 0
    const runner = startRunner(
      jobs,
      tasksThat(async () => {
        tries += 1
        throw new Problem(aDiagnosis({ retry: tries === 1 ? 'never' : 'slowly' }))
      }),
      { concurrency: 1 },
    )
    for (const round of [1, 2]) {
      const tenantId = madeUp.tenantId()
      await ask(store, jobs, tenantId)
      await until('it has ended', async () => (await stateOf(jobs, tenantId)) === 'completed')
      assert.equal(tries, round)
    }
    await runner.stop()
  })

  test('R05 a job that fails on every try ends in the dead letters, and others are not held up', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [poison, healthy] = [madeUp.tenantId(), madeUp.tenantId()]
    await ask(store, jobs, poison)
    let tries = 0
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId) => {
        if (tenantId !== poison) return
        tries += 1
        throw new Error('a surprise that holds secret=hunter2')
      }),
      { concurrency: 1 },
    )
    await until('the first try has failed', async () => (await stateOf(jobs, poison)) === 'retry')
    await ask(store, jobs, healthy)
    await until('the healthy one is done', async () => (await stateOf(jobs, healthy)) === 'completed')
    const { retryLimit } = QUEUES['sync-tenant']
    await until('it has been given up', async () => {
      await letWaitingBeDue(store)
      return (await stateOf(jobs, poison)) === 'failed'
    })
    await runner.stop()
    assert.equal(tries, retryLimit + 1)
    const letters = await jobsIn(jobs, 'dead-letter')
    assert.deepEqual(
      letters.map(({ data }) => data),
      [{ tenantId: poison }],
    )
    assert.ok(
      !JSON.stringify([letters, await jobsIn(jobs, 'sync-tenant')]).includes('hunter2'),
      'no surprise is copied',
    )
  })

  test('R04 a try that ends because the database is away is none: however often, no job is given up', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const { retryLimit } = QUEUES['sync-tenant']
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    const away = retryLimit + 3
    let tries = 0
    const runner = startRunner(
      jobs,
      tasksThat(async () => {
        tries += 1
        if (tries <= away) throw new Problem(aDiagnosis({ code: 'DATABASE_UNREACHABLE', retry: 'backoff' }))
        throw new Error('a fault of its own')
      }),
      { concurrency: 1 },
    )
    const settled = (state: string) =>
      until(`it is ${state}`, async () => {
        await letWaitingBeDue(store)
        return (await stateOf(jobs, tenantId)) === state
      })
    await settled('failed')
    await runner.stop()
    assert.equal(tries, away + retryLimit + 1, 'its own faults are counted as ever')
    assert.equal((await jobsIn(jobs, 'dead-letter')).length, 1)
  })

  test('R06 a graceful stop lets what runs finish and begins nothing new', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const wanted = Array.from({ length: 6 }, madeUp.tenantId)
    for (const tenantId of wanted) await ask(store, jobs, tenantId)
    const finish = gate()
    const [begun, ended]: TenantId[][] = [[], []]
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId, { signal }) => {
        begun?.push(tenantId)
        await finish.opened
        assert.equal(signal.aborted, false)
        ended?.push(tenantId)
      }),
      { concurrency: 2 },
    )
    await until('two run', () => begun?.length === 2)
    const stopped = runner.stop()
    finish.open()
    await stopped
    assert.equal(begun?.length, 2)
    assert.deepEqual(ended?.toSorted(), begun?.toSorted())
    for (const tenantId of wanted)
      assert.equal(await stateOf(jobs, tenantId), begun?.includes(tenantId) ? 'completed' : 'created')
  })

  test('R06 what was fetched ahead is not begun after a stop: it is given back, and no try is counted', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const wanted = Array.from({ length: 60 }, madeUp.tenantId)
    for (const tenantId of wanted) await ask(store, jobs, tenantId)
    const finish = gate()
    const begun: TenantId[] = []
    const inState = async (state: string) => (await jobsIn(jobs, 'sync-tenant')).filter((job) => job.state === state)
    let [isAhead, held] = [false, 0]
    const runner = startRunner(
      jobs,
      tasksThat(async (tenantId) => {
        begun.push(tenantId)
        // Those that end fast make the runner fetch ahead, however often a busy machine keeps it from that.
        if ((await inState('active')).length > 4) isAhead = true
        if (!isAhead) return
        held += 1
        await finish.opened
      }),
      { concurrency: 2 },
    )
    await until('two are at work, and more are fetched than there are places', () => held === 2)
    const before = begun.length
    const active = (await inState('active')).length
    const stopped = runner.stop()
    finish.open()
    await stopped
    assert.equal(begun.length, before, 'nothing was begun any more')
    assert.deepEqual(await inState('active'), [])
    const back = await inState('retry')
    // What was being fetched in the moment of the stop is among them.
    assert.ok(back.length >= active - 2, `${back.length} of ${active}`)
    for (const { output, retryLimit } of back) {
      assert.deepEqual(output, { code: 'INTERRUPTED' })
      assert.equal(retryLimit, QUEUES['sync-tenant'].retryLimit + 1)
    }
  })

  test('what begins with preparing needs no place for it, and R06 is given back at a stop when it has none yet', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const wanted = Array.from({ length: 40 }, madeUp.tenantId)
    for (const tenantId of wanted) await ask(store, jobs, tenantId)
    const finish = gate()
    let [prepared, worked, stoppedFirst] = [0, 0, 0]
    let isAhead = false
    const tasks = tasksThat(async (_, { prepare, signal }) => {
      await prepare(async () => {
        prepared += 1
      })
      if (signal.aborted) stoppedFirst += 1
      signal.throwIfAborted()
      worked += 1
      if (prepared > worked + 1) isAhead = true
      if (isAhead) await finish.opened
    })
    const runner = startRunner(
      jobs,
      { ...tasks, 'sync-tenant': Object.assign(tasks['sync-tenant'], { prepares: true }) },
      { concurrency: 1 },
    )
    await until('one is at work and others are prepared', () => isAhead)
    const before = worked
    const stopped = runner.stop()
    finish.open()
    await stopped
    assert.deepEqual([worked, stoppedFirst], [before, prepared - before])
    const states = (await jobsIn(jobs, 'sync-tenant')).map(({ state }) => state)
    assert.equal(states.filter((state) => state === 'completed').length, before)
    // What was being fetched in the moment of the stop is given back, too, before it is prepared.
    assert.ok(states.filter((state) => state === 'retry').length >= prepared - before)
    assert.ok(!states.includes('active'))
  })

  test('R06 what does not finish within the grace is told to stop, and is tried again', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    let context: JobContext | null = null
    const runner = startRunner(
      jobs,
      tasksThat((_, given) => {
        context = given
        return new Promise((_resolve, reject) => {
          given.signal.addEventListener('abort', () => reject(given.signal.reason))
        })
      }),
      { concurrency: 1 },
    )
    await until('it runs', () => context)
    await runner.stop({ graceMilliseconds: 1 })
    assert.equal(await stateOf(jobs, tenantId), 'retry')

    await letWaitingBeDue(store)
    const done: TenantId[] = []
    const next = startRunner(
      jobs,
      tasksThat(async (id) => void done.push(id)),
      { concurrency: 1 },
    )
    await until('another worker has done it', async () => (await stateOf(jobs, tenantId)) === 'completed')
    await next.stop()
    assert.deepEqual(done, [tenantId])
  })

  test('R06 whoever does not listen when it is told to stop is given back all the same', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    const begun = gate()
    const runner = startRunner(
      jobs,
      tasksThat(() => {
        begun.open()
        return new Promise(() => {})
      }),
      { concurrency: 1 },
    )
    await begun.opened
    await runner.stop({ graceMilliseconds: 1, partingMilliseconds: 1 })
    const [back] = await jobsIn(jobs, 'sync-tenant')
    assert.deepEqual([back?.state, back?.output], ['retry', { code: 'INTERRUPTED' }])
  })

  test('R06 what breaks off because it is told to stop has neither failed nor ended, whatever it throws', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    for (const thrown of [new Problem(aDiagnosis({ retry: 'never' })), new TypeError('broken off')]) {
      const tenantId = madeUp.tenantId()
      await ask(store, jobs, tenantId)
      const begun = gate()
      const work = async (_: TenantId, { signal }: { signal: AbortSignal }) => {
        begun.open()
        await once(signal, 'abort')
        throw thrown
      }
      const runner = startRunner(jobs, tasksThat(work), { concurrency: 1 })
      await begun.opened
      await runner.stop({ graceMilliseconds: 1 })
      const back = (await jobsIn(jobs, 'sync-tenant')).find(({ data }) => data.tenantId === tenantId)
      assert.deepEqual([back?.state, back?.output], ['retry', { code: 'INTERRUPTED' }])
      await jobs.boss.deleteQueuedJobs('sync-tenant')
    }
  })

  test('R02 a job that was taken from a worker and comes back to it is another try: the end of the first is not its end', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [tenantId, bystander] = [madeUp.tenantId(), madeUp.tenantId()]
    await ask(store, jobs, tenantId)
    const late = gate()
    const told: number[] = []
    const runner = startRunner(
      jobs,
      tasksThat(async (id, { attempt, signal }) => {
        if (id === bystander) return
        if (attempt === 0) return late.opened
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(told.push(attempt))))
      }),
      { concurrency: 2 },
    )
    await until('it runs', async () => (await stateOf(jobs, tenantId)) === 'active')
    // As if the worker had been silent for too long.
    await sql`update pgboss.job set state = 'retry', start_after = now() where name = 'sync-tenant'`.execute(
      store.kysely,
    )
    await until('it runs a second time', async () => (await stateOf(jobs, tenantId)) === 'active')
    late.open()
    await ask(store, jobs, bystander)
    await until('the first try has left its place', async () => (await stateOf(jobs, bystander)) === 'completed')
    await runner.stop({ graceMilliseconds: 1 })
    assert.deepEqual(told, [1])
    assert.equal(await stateOf(jobs, tenantId), 'retry')
  })

  test('R01 the job of a worker that died without a word goes to another', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await ask(store, jobs, tenantId)
    const [lost] = await jobs.boss.fetch('sync-tenant')
    assert.ok(lost)
    const { heartbeatSeconds } = QUEUES['sync-tenant']
    await sql`update pgboss.job set heartbeat_on = now() - make_interval(secs => ${heartbeatSeconds + 1}),
      started_on = now() - make_interval(secs => ${heartbeatSeconds + 1}) where id = ${lost.id}`.execute(store.kysely)
    await jobs.boss.supervise('sync-tenant')
    assert.equal(await stateOf(jobs, tenantId), 'retry')
  })

  test('R02 what a silent worker has had is due at once, however often it had failed before; a failure of its own waits', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [lost, fails] = [madeUp.tenantId(), madeUp.tenantId()]
    await ask(store, jobs, lost)
    await ask(store, jobs, fails)
    for (const { id, data } of await jobs.boss.fetch<{ tenantId: TenantId }>('sync-tenant', { batchSize: 2 }))
      if (data.tenantId === fails) await jobs.boss.fail('sync-tenant', id, { code: 'UNAVAILABLE' })
    const { heartbeatSeconds } = QUEUES['sync-tenant']
    await sql`update pgboss.job set heartbeat_on = now() - make_interval(secs => ${heartbeatSeconds + 1}), retry_count = 4
      where name = 'sync-tenant' and state = 'active'`.execute(store.kysely)
    await jobs.boss.supervise('sync-tenant')
    const startAfter = async (tenantId: TenantId) =>
      (await jobsIn(jobs, 'sync-tenant')).find(({ data }) => data.tenantId === tenantId)?.startAfter.getTime() ?? 0
    assert.ok((await startAfter(lost)) > Date.now() + 2 * MINUTE, 'left alone it would wait for minutes')
    const itsOwn = await startAfter(fails)
    const runner = startRunner(
      jobs,
      tasksThat(async () => {}),
      { concurrency: 1 },
    )
    await until('another worker has done it', async () => (await stateOf(jobs, lost)) === 'completed')
    assert.equal(await startAfter(fails), itsOwn)
    await runner.stop()
  })
})

/** In a database of its own, which can be closed under it. */
async function queueOnServer(t: TestContext, log: Log = silentLog) {
  const databaseUrl = await freshDatabase()
  const store = await openStore({ databaseUrl, dataDir: temporaryFolder(t), clock: systemClock, log })
  t.after(() => store.close())
  await migrate(store)
  const jobs = await openJobs({ store, log, work: false, migrate: true })
  t.after(() => jobs.close())
  return { databaseUrl, store, jobs }
}

test('R04 an end that cannot be written while the server takes no connection is written when it does: one try, and no other', async (t) => {
  const said: string[] = []
  const log = openLog('warn', { write: (line) => void said.push(line) })
  const { databaseUrl, store, jobs } = await queueOnServer(t, log)
  const tenantId = madeUp.tenantId()
  await ask(store, jobs, tenantId)
  const [began, end] = [gate(), gate()]
  let tries = 0
  const work = async () => {
    tries += 1
    began.open()
    await end.opened
  }
  const runner = startRunner(jobs, tasksThat(work), { concurrency: 1 })
  await began.opened
  await closeDatabase(databaseUrl)
  end.open()
  await until('it has been tried in vain', () => said.join('').includes('ended jobs could not be settled'))
  await reopenDatabase(databaseUrl)
  await until('its end is written', async () => (await stateOf(jobs, tenantId)) === 'completed')
  await runner.stop()
  assert.equal(tries, 1)
})

test('R02 work that was given to another worker while this one was silent is told so at its next sign of life', async (t) => {
  const { store, jobs } = await queueOnServer(t)
  await ask(store, jobs, madeUp.tenantId())
  const [began, told] = [gate(), gate()]
  const work = (_: TenantId, { signal }: JobContext) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        told.open()
        reject(signal.reason)
      })
      began.open()
    })
  const runner = startRunner(jobs, tasksThat(work), { concurrency: 1 })
  await began.opened
  await sql`update pgboss.job set retry_count = retry_count + 1 where name = 'sync-tenant'`.execute(store.kysely)
  await told.opened
  await runner.stop()
  const [job] = await jobsIn(jobs, 'sync-tenant')
  assert.equal(job?.state, 'active', 'its end is the other one’s to tell')
})

test('R06 a stop while the server takes no connection ends; what could not be written is found silent later', async (t) => {
  const { databaseUrl, store, jobs } = await queueOnServer(t)
  const [done, told] = [madeUp.tenantId(), madeUp.tenantId()]
  for (const tenantId of [done, told]) await ask(store, jobs, tenantId)
  const end = gate()
  let begun = 0
  const runner = startRunner(
    jobs,
    tasksThat((tenantId, { signal }) => {
      begun += 1
      if (tenantId === done) return end.opened
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }),
    { concurrency: 2 },
  )
  await until('both run', () => begun === 2)
  await closeDatabase(databaseUrl)
  end.open()
  await runner.stop({ graceMilliseconds: 1, partingMilliseconds: 600_000 })
  await reopenDatabase(databaseUrl)
  assert.deepEqual([await stateOf(jobs, done), await stateOf(jobs, told)], ['active', 'active'])
})

test('R06 whoever runs is told to stop in time, also while a question for the next jobs gets no answer', async (t) => {
  const { databaseUrl, store, jobs } = await queueOnServer(t)
  const tenantId = madeUp.tenantId()
  await ask(store, jobs, tenantId)
  const [begun, told] = [gate(), gate()]
  const runner = startRunner(
    jobs,
    tasksThat((_, { signal }) => {
      begun.open()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told.open()
          reject(signal.reason)
        })
      })
    }),
    { concurrency: 2 },
  )
  await begun.opened
  await withClient(databaseUrl, async (client) => {
    await client.query('begin')
    await client.query('lock table pgboss.job in access exclusive mode')
    await until('the next of every kind are asked for', async () => {
      const asking = (await waitingForLocks(client)).filter((query) => query.includes('skip locked'))
      return asking.length === JOB_NAMES.length
    })
    const stopped = runner.stop({ graceMilliseconds: 1, partingMilliseconds: 600_000 })
    await told.opened
    await client.query('rollback')
    await stopped
  })
  assert.equal(await stateOf(jobs, tenantId), 'retry')
})

test('R04 a job by hand that cannot be taken out of the queue while the database is away hides nothing of what went wrong in it', async (t) => {
  const { databaseUrl, jobs } = await queueOnServer(t)
  const byHand = async () => {
    await using claimed = await claimJob(jobs, 'run-job', { tenantId: madeUp.tenantId(), job: 'report' })
    assert.ok(claimed)
    await closeDatabase(databaseUrl)
    throw new Problem(aDiagnosis({ code: 'DATABASE_UNREACHABLE' }))
  }
  await assert.rejects(byHand(), { code: 'DATABASE_UNREACHABLE' })
})
