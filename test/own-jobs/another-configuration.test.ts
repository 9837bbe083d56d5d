import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tasks } from '#daemon/tasks.ts'
import { planJobs } from '#flows/queue/plan-jobs.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { fetchJobs } from '#jobs/fetch-jobs.ts'
import { keyOf } from '#jobs/names.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listRuns } from '#store/sync-runs.ts'
import { appWithJob } from '#test/own-jobs/support/one-job.ts'
import { openFleet } from '#test/support/fleet.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { refusedWith } from '#test/support/problem.ts'

test('a job that only another process has in its configuration is left to it; one that nobody has is over', async () => {
  await using fleet = await openFleet({ users: 1, groups: 0 })
  const older = fleet.tools
  const [tenantId] = fleet.tenantIds as [TenantId]
  let done = 0
  const app = appWithJob(async () => {
    done += 1
  })
  const newer = { ...older, config: { ...older.config, app } }
  const payload = { tenantId, job: 'the-job' }
  const doIt = async (tools: typeof older) => {
    await tasks(tools)['run-job'](payload, aJobContext(keyOf('run-job', payload)))
  }
  await planJobs(newer)
  await asFleet(older.store, (sql) => enqueue(older.jobs, sql, 'run-job', payload))
  const [taken] = await fetchJobs(older.jobs, 'run-job', 1)
  await doIt(older)
  await older.jobs.boss.complete('run-job', taken?.id ?? assert.fail())
  const waiting = (await jobsIn(older.jobs, 'run-job')).filter(({ state }) => state === 'created')
  assert.equal(waiting.length, 1, 'its turn is not lost')
  assert.equal((await asTenant(older.store, tenantId, (sql) => listRuns(sql, { limit: 9 }))).length, 0)
  await doIt(newer)
  assert.equal(done, 1)

  await planJobs(older)
  await refusedWith('JOB_UNKNOWN', () => doIt(older))
})
