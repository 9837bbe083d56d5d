import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '@microsoft/microsoft-graph-client'
import { tasks } from '#daemon/tasks.ts'
import { overseeFleet } from '#flows/fleet/oversee-fleet.ts'
import { runJob } from '#flows/runs/run-job.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { startRunner } from '#jobs/runner.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobRun } from '#model/job.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { latestRun } from '#store/sync-runs.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { handClock } from '#test/support/hand-clock.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { until } from '#test/support/until.ts'
import type { Tools } from '#tools.ts'

const REST_SECONDS = 600
const job = (name: string, run: (run: JobRun) => Promise<void>) => ({
  name,
  schedule: { everyMinutes: 1_440 },
  permissions: ['User.Read.All'],
  timeoutMinutes: 3,
  run,
})
const APP = {
  ...APP_OF_TESTS,
  jobs: [
    job('reads', async ({ graph }) => void (await (graph as JobRun<Client>['graph']).api('/users').top(5).get())),
    job('needs-nothing', async () => {}),
  ],
}

test('G05 while Graph lets the whole app rest, its work waits in the queue of every process, blames no job, and leaves its place to what asks nothing of Graph', async () => {
  const clock = handClock(new Date())
  await using fleet = await openFleet({
    tenants: 3,
    users: 3,
    groups: 0,
    clock,
    app: APP,
    databaseUrl: await freshDatabase(),
  })
  const { tools, emulator } = fleet
  const [refused, here, there] = fleet.tenantIds as [TenantId, TenantId, TenantId]
  const other = await fleet.moreTools()
  emulator.mischief.once({
    at: 'graph',
    match: { path: '/users' },
    answer: {
      status: 429,
      headers: { 'retry-after': `${REST_SECONDS}`, 'x-ms-throttle-scope': 'Application/ReadWrite/200:80' },
    },
  })
  const run = (by: Tools, tenantId: TenantId) =>
    runJob(by, { tenantId, job: 'reads', signal: new AbortController().signal })
  const stateOf = async (tenantId: TenantId, name: string) =>
    (await asTenant(tools.store, tenantId, (sql) => latestRun(sql, name)))?.state
  const left = async () => (await overseeFleet(tools)).budgetLeft
  assert.ok((await left()).units > 0)
  void run(tools, refused)
  await until('it waits', async () => (await stateOf(refused, 'reads')) === 'waiting')
  await until('everybody is told', async () => (await left()).units === 0)
  assert.deepEqual(await left(), { units: 0, writes: 0 })

  await asFleet(tools.store, async (sql) => {
    await enqueue(tools.jobs, sql, 'run-job', { tenantId: here, job: 'reads' })
    await enqueue(tools.jobs, sql, 'run-job', { tenantId: here, job: 'needs-nothing' })
  })
  const nothingElse = { watch: async () => {}, 'plan-jobs': async () => {}, tidy: async () => {} }
  const runner = startRunner(tools.jobs, { ...tasks(tools), ...nothingElse }, { concurrency: 1 })
  await until('the one that needs nothing is done', async () => (await stateOf(here, 'needs-nothing')) === 'succeeded')
  await until('the other one waits', async () => (await stateOf(here, 'reads')) === 'waiting')
  await runner.stop()
  void run(other, there)
  await until('the other process has heard of it', async () => (await stateOf(there, 'reads')) === 'waiting')
  assert.equal(emulator.requests.list({ path: '/v1.0/users' }).length, 1, 'nobody has asked meanwhile')

  clock.pass(REST_SECONDS * 1_000)
  assert.ok((await left()).units > 0)
  for (const [by, tenantId] of [
    [tools, refused],
    [tools, here],
    [other, there],
  ] as const)
    assert.equal(await run(by, tenantId), 'succeeded')
})
