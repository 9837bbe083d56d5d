import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { runJob } from '#flows/runs/run-job.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobRun } from '#model/job.ts'
import { diagnose } from '#model/problem.ts'
import { asTenant } from '#store/database/open.ts'
import { listRuns } from '#store/sync-runs.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import { waitingForLocks } from '#test/support/waiting-for-locks.ts'

const never = new AbortController().signal

/** One tenant and one job, and two processes on one PostgreSQL. */
async function openTwoProcesses(t: TestContext, work: (run: JobRun) => Promise<void>) {
  const databaseUrl = await freshDatabase()
  const app = defineApp({
    ...APP_OF_TESTS,
    jobs: [{ name: 'the-job', schedule: { everyMinutes: 60 }, permissions: [], run: work }],
  })
  const fleet = await openFleet({ users: 1, groups: 0, databaseUrl, app })
  t.after(() => fleet[Symbol.asyncDispose]())
  const processes = [fleet.tools, await fleet.moreTools()] as const
  const [tenantId] = fleet.tenantIds as [TenantId]
  const adminUrl = await seeingEverything(databaseUrl)
  return {
    tenantId,
    processes,
    run: (which: 0 | 1) => runJob(processes[which], { tenantId, job: 'the-job', signal: never }),
    runs: () => asTenant(fleet.tools.store, tenantId, (sql) => listRuns(sql, { limit: 9 })),
    /** Whoever wants the tenant's row queues behind us until `wants` is done. */
    withTenantLocked: (wants: (queued: (count: number) => Promise<unknown>) => Promise<void>) =>
      withClient(adminUrl, async (client) => {
        await client.query('begin')
        await client.query('select 1 from tenantry.tenants for update')
        await wants((count) =>
          until(`${count} wait for the tenant`, async () => (await waitingForLocks(client)).length === count),
        )
        await client.query('rollback')
      }),
  }
}

const codeOf = (outcome: Promise<unknown>): Promise<unknown> => outcome.catch((error: unknown) => diagnose(error).code)

test('R02 of two that begin the same job in the same moment one is fenced off, and only the other one’s writes count', async (t) => {
  const both = Promise.withResolvers<void>()
  let begun = 0
  const { run, runs, withTenantLocked } = await openTwoProcesses(t, async ({ checkpoint }) => {
    begun += 1
    if (begun === 2) both.resolve()
    await both.promise
    await checkpoint.save('ours')
  })
  const outcomes: Promise<unknown>[] = []
  await withTenantLocked(async (queued) => {
    outcomes.push(codeOf(run(0)), codeOf(run(1)))
    await queued(2)
  })
  assert.deepEqual((await Promise.all(outcomes)).map(String).toSorted(), ['RUN_SUPERSEDED', 'succeeded'])
  assert.deepEqual((await runs()).map(({ state }) => state).toSorted(), ['interrupted', 'succeeded'])
})

test('R02 a run that was taken over did not end well, even when it writes nothing', async (t) => {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let begun = 0
  const { run } = await openTwoProcesses(t, async () => {
    begun += 1
    if (begun > 1) return
    reached.resolve()
    await released.promise
  })
  const late = codeOf(run(0))
  await reached.promise
  assert.equal(await run(1), 'succeeded')
  released.resolve()
  assert.equal(await late, 'RUN_SUPERSEDED')
})

test('R02 work that writes nothing for long is told, too, that its run was taken over', async (t) => {
  let begun = 0
  const { run } = await openTwoProcesses(t, async ({ signal }) => {
    begun += 1
    if (begun === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  const late = codeOf(run(0))
  await until('it has begun', () => begun === 1)
  assert.equal(await run(1), 'succeeded')
  assert.equal(await late, 'RUN_SUPERSEDED')
})

test('a run and the end of a tenant: whichever comes first, nothing is written afterwards', async (t) => {
  const ended = Promise.withResolvers<void>()
  const wrote: unknown[] = []
  const { tenantId, processes, run, runs, withTenantLocked } = await openTwoProcesses(t, async ({ checkpoint }) => {
    await ended.promise
    wrote.push(await codeOf(checkpoint.save('late')))
  })
  const end = () => offboardTenant(processes[1], { tenantId, actor: 'operator:test', reason: 'for a test' })
  const outcomes: Promise<unknown>[] = []
  await withTenantLocked(async (queued) => {
    outcomes.push(end())
    await queued(1)
    outcomes.push(codeOf(run(0)))
    await queued(2)
  })
  const [offboarded, idle] = await Promise.all(outcomes)
  assert.deepEqual([(offboarded as { state: string }).state, idle], ['offboarded', 'idle'])
  assert.deepEqual(await runs(), [], 'no run was begun in what was being ended')

  await withClient(await seeingEverything(processes[0].store.databaseUrl ?? ''), (client) =>
    client.query(`update tenantry.tenants set state = 'active'`),
  )
  outcomes.length = 0
  await withTenantLocked(async (queued) => {
    outcomes.push(codeOf(run(0)))
    await queued(1)
    const ending = end()
    outcomes.push(ending)
    void ending.then(() => ended.resolve())
    await queued(2)
  })
  assert.equal((await Promise.all(outcomes))[0], 'RUN_SUPERSEDED')
  assert.deepEqual(wrote, ['RUN_SUPERSEDED'])
  assert.deepEqual(
    (await runs()).map(({ state }) => state),
    ['interrupted'],
  )
})
