import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { forgetDeadLetters } from '#flows/queue/forget-dead-letters.ts'
import { listDeadLetters } from '#jobs/dead-letters.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { JobPayloads } from '#jobs/names.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { freshQueue } from '#test/support/open-queue.ts'

forEachBackend((backend) => {
  test('R05 of what was given up one letter is kept, until the same work has succeeded', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [a, b] = [await aTenant(store), await aTenant(store)]
    const giveUp = async <Name extends 'sync-tenant' | 'run-job'>(name: Name, payload: JobPayloads[Name]) => {
      await asFleet(store, (sql) => enqueue(jobs, sql, name, payload))
      await raw`update pgboss.job set retry_limit = 0 where name = ${name} and state = 'created'`.execute(store.kysely)
      const [job] = await jobs.boss.fetch(name)
      await jobs.boss.fail(name, job?.id ?? assert.fail(), { code: 'JOB_FAILED' })
    }
    const end = (tenantId: TenantId, job: string, state: 'succeeded' | 'failed') =>
      asTenant(store, tenantId, async (sql) => {
        const { id } = await startRun(sql, { id: madeUp.runId(), job })
        await finishRun(sql, id, { state, diagnosis: state === 'failed' ? aDiagnosis() : null })
      })
    const letters = async () => {
      await forgetDeadLetters({ jobs, store })
      return (await listDeadLetters(jobs))
        .map(({ tenantId, job }) => `${tenantId === a ? 'a' : 'b'} ${job ?? 'directory'}`)
        .toSorted()
    }
    await end(a, 'sync-tenant', 'succeeded')
    await giveUp('sync-tenant', { tenantId: a })
    await giveUp('run-job', { tenantId: b, job: 'report' })
    await giveUp('run-job', { tenantId: b, job: 'other' })
    const [first] = await listDeadLetters(jobs, { tenantId: a })
    await giveUp('sync-tenant', { tenantId: a })
    assert.deepEqual(await letters(), ['a directory', 'b other', 'b report'])
    const [kept] = await listDeadLetters(jobs, { tenantId: a })
    assert.notEqual(kept?.id, first?.id, 'the last one is kept')

    await end(a, 'sync-tenant', 'failed')
    await end(b, 'sync-tenant', 'succeeded')
    await end(b, 'other', 'succeeded')
    assert.deepEqual(await letters(), ['a directory', 'b report'])
    await end(a, 'sync-tenant', 'succeeded')
    await end(b, 'report', 'succeeded')
    assert.deepEqual(await letters(), [])

    const ended = await aTenant(store, { state: 'offboarded' })
    await giveUp('run-job', { tenantId: ended, job: 'report' })
    await giveUp('run-job', { tenantId: a, job: 'report' })
    assert.deepEqual(await letters(), ['a report'], 'of a tenant that has ended nothing can succeed any more')
  })

  test('R05 what was given up lies there until somebody looks at it, be it after a year', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId: madeUp.tenantId() }))
    await raw`update pgboss.job set retry_limit = 0`.execute(store.kysely)
    const [job] = await jobs.boss.fetch('sync-tenant')
    await jobs.boss.fail('sync-tenant', job?.id ?? assert.fail(), { code: 'JOB_FAILED' })
    // The database’s clock cannot be turned, so the letter is made older.
    await raw`update pgboss.job set created_on = created_on - interval '1 year', start_after = start_after - interval '1 year',
      keep_until = keep_until - interval '1 year', completed_on = completed_on - interval '1 year'`.execute(
      store.kysely,
    )
    await jobs.boss.supervise()
    const left = await jobs.boss.findJobs('sync-tenant')
    assert.deepEqual(left, [], 'what has ended is cleared away')
    assert.equal((await listDeadLetters(jobs)).length, 1)
  })
})
