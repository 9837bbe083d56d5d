import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { runJob } from '#flows/runs/run-job.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobSql } from '#model/job.ts'
import { asTenant } from '#store/database/open.ts'
import { loadCheckpoint } from '#store/job-checkpoints.ts'
import { latestRun } from '#store/sync-runs.ts'
import { appWithJob, type Run } from '#test/own-jobs/support/one-job.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'

const TIMEOUT_MINUTES = 5
/** What waits for a connection that nobody gives back waits for ever. */
const BOUNDED = { timeout: 30_000 }
const foreverQuiet = () => new Promise<never>(() => {})

/** What the job does: each test says. */
let work: (run: Run) => Promise<void> = async () => {}

const APP = appWithJob((run) => work(run), { timeoutMinutes: TIMEOUT_MINUTES })

for (const backend of ['pglite', 'postgres'] as const)
  suite(backend, () => {
    const clock = handClock(new Date())
    let fleet: Fleet
    let next = 0
    /** Every test has a tenant of its own. */
    let tenantId: TenantId
    before(async () => {
      const databaseUrl = backend === 'postgres' ? await freshDatabase() : null
      fleet = await openFleet({ tenants: 5, users: 3, groups: 1, app: APP, clock, databaseUrl })
    })
    beforeEach(() => {
      tenantId = fleet.tenantIds[next] as TenantId
      next += 1
    })
    after(() => fleet[Symbol.asyncDispose]())

    const run = (doing: (run: Run) => Promise<void>, signal = new AbortController().signal) => {
      work = doing
      return runJob(fleet.tools, { tenantId, job: 'the-job', signal })
    }
    const latest = () => asTenant(fleet.tools.store, tenantId, (sql) => latestRun(sql, 'the-job'))
    const kept = () => asTenant(fleet.tools.store, tenantId, (sql) => loadCheckpoint(sql, 'the-job'))

    test(
      'within a transaction whatever needs another connection is refused at once, and the transaction goes on',
      BOUNDED,
      async () => {
        const everythingElse = ({
          db,
          checkpoint,
          progress,
          graph,
          batch,
        }: Run): Record<string, () => Promise<unknown>> => ({
          'db.transaction': () => db.transaction(async () => {}),
          'db.resources': () => db.resources('user').next(),
          'db.readAt': () => db.readAt('user'),
          'checkpoint.load': () => checkpoint.load(),
          'checkpoint.save': () => checkpoint.save('elsewhere'),
          progress: () => progress('elsewhere'),
          graph: () => graph.api('/users').get(),
          batch: () => batch([{ id: 'one', path: '/users' }]),
        })
        const refused: string[] = []
        await run(async (given) => {
          await given.db.transaction(async ({ query, saveCheckpoint }) => {
            for (const [name, use] of Object.entries(everythingElse(given)))
              await assert.rejects(
                use,
                ({ message }: Error) => refused.push(message) > 0 && message.includes(`\`${name}\``),
              )
            assert.deepEqual(await query('select 1 as one'), [{ one: 1 }])
            await saveCheckpoint('with the rows')
          })
          // Afterwards, and by what was begun within, all of it may be used.
          for (const use of Object.values(everythingElse(given)).toReversed()) await use()
        })
        assert.equal(refused.length, 8)
        assert.equal(await kept(), 'elsewhere')
      },
    )

    test('a job that does not catch the refusal fails with it, and so does one that asks Graph', BOUNDED, async () => {
      for (const use of [
        ({ progress }: Run) => progress('in the middle'),
        async ({ graph }: Run) => void (await graph.api('/users').get()),
      ]) {
        await refusedWith('TRANSACTION_MISUSED', () =>
          run((given) =>
            given.db.transaction(async ({ saveCheckpoint }) => {
              await saveCheckpoint('rolled back')
              await use(given)
            }),
          ),
        )
        const found = await latest()
        assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'TRANSACTION_MISUSED'])
        assert.equal(await kept(), null)
      }
    })

    test(
      'R05 a transaction in which nothing is asked any more is given back, and everybody else goes on',
      BOUNDED,
      async () => {
        const quiet = Promise.withResolvers<void>()
        const outcome = refusedWith('TRANSACTION_MISUSED', () =>
          run(({ db }) =>
            db.transaction(async ({ saveCheckpoint }) => {
              await saveCheckpoint('rolled back')
              quiet.resolve()
              await foreverQuiet()
            }),
          ),
        )
        await quiet.promise
        await turnOfTheLoop()
        clock.pass(fleet.tools.store.silenceMilliseconds)
        await outcome
        const found = await latest()
        assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'TRANSACTION_MISUSED'])
        assert.equal(await kept(), null)
        assert.equal(clock.sleepers(), 0)
      },
    )

    test(
      'R06 a transaction that is open when its run is given up ends with it, however much is asked in it',
      BOUNDED,
      async () => {
        let turnHands = () => {}
        /** Never in a moment in which the transaction is silent. */
        const passWhileItAsks = (milliseconds: number) =>
          new Promise<void>((resolve) => {
            turnHands = () => {
              turnHands = () => {}
              clock.pass(milliseconds)
              resolve()
            }
          })
        for (const [stopped, state] of [
          [false, 'failed'],
          [true, 'interrupted'],
        ] as const) {
          const stopping = new AbortController()
          const told = Promise.withResolvers<AbortSignal>()
          const ended = Promise.withResolvers<unknown>()
          const outcome = run(
            ({ db, signal }) =>
              db.transaction(async ({ query }) => {
                try {
                  for (;;) {
                    const answer = query('select 1')
                    told.resolve(signal)
                    turnHands()
                    await answer
                    await turnOfTheLoop()
                  }
                } catch (error) {
                  ended.resolve(error)
                  await foreverQuiet()
                }
              }),
            stopping.signal,
          ).then(
            () => null,
            (error: unknown) => error,
          )
          const signal = await told.promise
          if (stopped) stopping.abort(new Error('The process is stopping.'))
          else await passWhileItAsks(TIMEOUT_MINUTES * MINUTE)
          await until('it is told to stop', () => signal.aborted)
          // Its grace.
          await passWhileItAsks(MINUTE)
          assert.ok((await outcome) instanceof Error)
          assert.equal((await latest())?.state, state)
          await refusedWith('TRANSACTION_MISUSED', async () => {
            throw await ended.promise
          })
          assert.equal(clock.sleepers(), 0)
        }
      },
    )

    test(
      'A02 what was not waited for in a transaction ends before it, and nothing reaches the connection later',
      BOUNDED,
      async () => {
        let late: JobSql | null = null
        await run(async ({ db }) => {
          let answered = false
          await db.transaction(async (sql) => {
            late = sql
            void sql.saveCheckpoint('not waited for').then(() => {
              answered = true
            })
          })
          assert.equal(answered, true)
          await refusedWith('TRANSACTION_MISUSED', () => late?.query('select 1'))
          await db.transaction(async () => {
            await refusedWith('TRANSACTION_MISUSED', () => late?.saveCheckpoint('by a transaction that has ended'))
          })
        })
        assert.equal(await kept(), 'not waited for')
      },
    )
  })
