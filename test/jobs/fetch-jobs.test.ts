import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryObjects } from 'node:v8'
import { sql } from 'kysely'
import { enqueue } from '#jobs/enqueue.ts'
import { fetchJobs } from '#jobs/fetch-jobs.ts'
import { QUEUES } from '#jobs/names.ts'
import { openJobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet } from '#store/database/open.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { madeUp } from '#test/support/made-up.ts'
import { freshQueue, jobsIn } from '#test/support/open-queue.ts'

const tenantsIn = (jobs: readonly { data: object }[]) =>
  jobs.map(({ data }) => (data as { tenantId: TenantId }).tenantId)

forEachBackend((backend) => {
  test('whoever has waited longest is first, as many as are wanted, and nobody twice', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const wanted = Array.from({ length: 5 }, madeUp.tenantId)
    for (const tenantId of wanted) await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
    const later = { inMilliseconds: 3_600_000 }
    await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId: madeUp.tenantId() }, later))
    const first = await fetchJobs(jobs, 'sync-tenant', 2)
    const second = await fetchJobs(jobs, 'sync-tenant', 10)
    assert.deepEqual([tenantsIn(first), tenantsIn(second)], [wanted.slice(0, 2), wanted.slice(2)])
    assert.deepEqual(await fetchJobs(jobs, 'sync-tenant', 10), [], 'what is to begin later is left alone')
    assert.deepEqual(
      first.map(({ retryCount, singletonKey }) => ({ retryCount, singletonKey })),
      wanted.slice(0, 2).map((tenantId) => ({ retryCount: 0, singletonKey: tenantId })),
    )
  })

  test('of each tenant one runs at a time, whichever of its jobs waits and however often it was tried', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    const ask = () => asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
    await ask()
    const [first] = await fetchJobs(jobs, 'sync-tenant', 10)
    assert.ok(first)
    await ask()
    assert.deepEqual(await fetchJobs(jobs, 'sync-tenant', 10), [], 'the second waits for the first')

    await jobs.boss.fail('sync-tenant', { id: first.id, retryCount: first.retryCount }, {})
    await sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(store.kysely)
    const states = (await jobsIn(jobs, 'sync-tenant')).map(({ state }) => state)
    assert.deepEqual(states, ['retry', 'created'], 'both wait')
    const again = await fetchJobs(jobs, 'sync-tenant', 10)
    assert.deepEqual(
      again.map(({ id, retryCount }) => ({ id, retryCount })),
      [{ id: first.id, retryCount: 1 }],
    )
    await jobs.boss.complete('sync-tenant', { id: first.id, retryCount: 0 })
    assert.deepEqual(await fetchJobs(jobs, 'sync-tenant', 10), [], 'an earlier try settles nothing')
    await jobs.boss.complete('sync-tenant', { id: first.id, retryCount: 1 })
    assert.equal((await fetchJobs(jobs, 'sync-tenant', 10)).length, 1)
  })

  test('R05 work that is asked for while its next try waits is that try: it is not given up before it has had them all', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    const ask = () => asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
    const fail = async () => {
      const [job, ...more] = await fetchJobs(jobs, 'sync-tenant', 10)
      assert.ok(job)
      assert.deepEqual(more, [])
      await jobs.boss.fail('sync-tenant', { id: job.id, retryCount: job.retryCount }, {})
      return job.retryCount
    }
    const { retryLimit } = QUEUES['sync-tenant']
    for (let tries = 0; tries <= retryLimit; tries++) {
      assert.deepEqual(await jobsIn(jobs, 'dead-letter'), [])
      await ask()
      assert.equal(await fail(), tries)
      const states = (await jobsIn(jobs, 'sync-tenant')).map(({ state }) => state)
      assert.deepEqual(states, [tries < retryLimit ? 'retry' : 'failed'])
    }
    assert.equal((await jobsIn(jobs, 'dead-letter')).length, 1)
  })

  test('R05 what fails is tried five times more, after pauses that grow, and is then given up, as the documents say', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await asFleet(store, (handle) => enqueue(jobs, handle, 'run-job', { tenantId, job: 'any' }))
    const pauses: number[] = []
    let tries = 0
    for (let [job] = await fetchJobs(jobs, 'run-job', 1); job; [job] = await fetchJobs(jobs, 'run-job', 1)) {
      tries += 1
      await jobs.boss.fail('run-job', { id: job.id, retryCount: job.retryCount }, {})
      const { rows } = await sql<{ seconds: number }>`
        select extract(epoch from start_after - now())::float8 as seconds from pgboss.job
        where name = 'run-job' and state = 'retry'`.execute(store.kysely)
      pauses.push(...rows.map(({ seconds }) => seconds))
      await sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(store.kysely)
    }
    assert.equal(tries, 6)
    assert.deepEqual(
      pauses,
      pauses.toSorted((one, other) => one - other),
    )
    const [first = 0, last = 0] = [pauses[0], pauses.at(-1)]
    assert.ok(first > 1 && last > 4 * first && last <= 900, pauses.join(', '))
    assert.equal((await jobsIn(jobs, 'dead-letter')).length, 1)
  })

  test('who fetches at the same time shares what is there', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const other = await openJobs({ store, log: silentLog, work: false, migrate: false })
    t.after(() => other.close())
    const wanted = Array.from({ length: 40 }, madeUp.tenantId)
    for (const tenantId of wanted) await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
    const got: TenantId[] = []
    while (got.length < wanted.length)
      for (const found of await Promise.all([jobs, other, jobs, other].map((one) => fetchJobs(one, 'sync-tenant', 6))))
        got.push(...tenantsIn(found))
    assert.deepEqual(got.toSorted(), wanted.toSorted())
  })

  test('a new job is heard of once it is there for good, and not before', async (t) => {
    const { store, jobs } = await freshQueue(t, backend, { work: true })
    const { bell } = jobs
    assert.ok(bell)
    const never = new AbortController().signal
    const heard: string[] = []
    const listen = (what: string) => bell.rung('sync-tenant', never).then(() => void heard.push(what))
    const first = listen('first')
    const undone = asFleet(store, async (handle) => {
      await enqueue(jobs, handle, 'sync-tenant', { tenantId: madeUp.tenantId() })
      throw new Error('torn away')
    })
    await assert.rejects(undone, /torn away/)
    const another = bell.rung('verify-tenant', never)
    await asFleet(store, (handle) => enqueue(jobs, handle, 'verify-tenant', { tenantId: madeUp.tenantId() }))
    await another
    assert.deepEqual(heard, [])
    await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId: madeUp.tenantId() }))
    await first
    assert.deepEqual(heard, ['first'])
  })

  test('whoever no longer waits for the bell is forgotten, however seldom it rings', async (t) => {
    const { jobs } = await freshQueue(t, backend, { work: true })
    const { bell } = jobs
    assert.ok(bell)
    const before = queryObjects(Promise, { format: 'count' })
    for (let time = 0; time < 2_000; time++) {
      const enough = new AbortController()
      const rung = bell.rung('tidy', enough.signal)
      enough.abort()
      await rung
    }
    assert.ok(queryObjects(Promise, { format: 'count' }) < before + 500)
  })
})
