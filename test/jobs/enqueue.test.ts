import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { fromKysely } from 'pg-boss'
import { claimJob } from '#jobs/claim-job.ts'
import { enqueue, enqueueAll } from '#jobs/enqueue.ts'
import { cancelJobsOf } from '#jobs/inspect.ts'
import { JOB_NAMES, type JobName, keyOf, keysOf } from '#jobs/names.ts'
import { openJobs } from '#jobs/open.ts'
import { waitingReadings } from '#jobs/waiting-readings.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant, type Store, type TenantSql } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { aTenant, madeUp } from '#test/support/made-up.ts'
import { freshQueue, jobsIn } from '#test/support/open-queue.ts'
import { EXPLAIN, rowsRead } from '#test/support/rows-read.ts'

/** What has ended is many times more than what waits. */
async function endThousandfold({ kysely }: Store): Promise<void> {
  await sql`update pgboss.job set state = 'completed', completed_on = now()`.execute(kysely)
  await sql`
    insert into pgboss.job (id, name, data, state, policy, singleton_key, created_on, completed_on)
    select gen_random_uuid(), name, data, state, policy, singleton_key, created_on, completed_on
    from pgboss.job, generate_series(1, 1000)`.execute(kysely)
}

forEachBackend((backend) => {
  test('the fact and its job are saved together, and a failure afterwards leaves neither', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await assert.rejects(
      asTenant(store, tenantId, async (sql) => {
        assert.equal(await enqueue(jobs, sql, 'sync-tenant', { tenantId }), true)
        throw new Error('torn away')
      }),
      /torn away/,
    )
    assert.deepEqual(await jobsIn(jobs, 'sync-tenant'), [])

    await aTenant(store, { id: tenantId })
    await asTenant(store, tenantId, async (sql) => {
      await enqueue(jobs, sql, 'sync-tenant', { tenantId })
      assert.ok(await findTenant(sql, tenantId), 'the transaction still reads its own tenant')
    })
    const [job, ...more] = await jobsIn(jobs, 'sync-tenant')
    assert.deepEqual(job?.data, { tenantId })
    assert.equal(job?.state, 'created')
    assert.deepEqual(more, [])
  })

  test('A02 a tenant adds work for itself only, takes nobody’s place, and reads nothing of the queue; nor does the fleet', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [ours, other] = [madeUp.tenantId(), madeUp.tenantId()]
    await asFleet(store, async (sql) => {
      for (const tenantId of [ours, other]) await enqueue(jobs, sql, 'verify-tenant', { tenantId })
    })
    const refused = (work: (sql: TenantSql) => Promise<unknown>, why: RegExp) =>
      assert.rejects(asTenant(store, ours, work), why)
    await refused((sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId: other }), /row-level security/)
    await refused((sql) => enqueue(jobs, sql, 'tidy', {}), /row-level security/)
    await refused(
      ({ db }) => jobs.boss.send('sync-tenant', { tenantId: ours }, { db: fromKysely(db), singletonKey: other }),
      /row-level security/,
    )
    const ids = await asTenant(store, ours, async ({ db }) => {
      const { rows } = await sql<{ id: string }>`select id from pgboss.job_common`.execute(db)
      return rows.map(({ id }) => id)
    })
    assert.deepEqual(
      ids,
      (await jobsIn(jobs, 'verify-tenant')).filter(({ data }) => data.tenantId === ours).map(({ id }) => id),
    )
    const { rows: tables } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'pgboss' order by tablename`.execute(store.kysely)
    assert.ok(tables.length > 5)
    for (const { name } of tables.filter((table) => table.name !== 'queue')) {
      const everything = sql`select * from pgboss.${sql.id(name)}`
      await refused(({ db }) => everything.execute(db), /permission denied/)
      await assert.rejects(
        asFleet(store, ({ db }) => everything.execute(db)),
        /permission denied/,
      )
    }
    await refused(({ db }) => sql`update pgboss.job_common set priority = 9`.execute(db), /permission denied/)
    await asTenant(store, ours, async (handle) => {
      assert.equal(await enqueue(jobs, handle, 'sync-tenant', { tenantId: ours }), true)
      assert.equal(await enqueue(jobs, handle, 'run-job', { tenantId: ours, job: 'a-job' }), true)
    })
  })

  test('of the same work for the same tenant one waits, however often and from wherever it is asked for', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [ours, other] = [madeUp.tenantId(), madeUp.tenantId()]
    const ask = (name: 'sync-tenant' | 'verify-tenant', tenantId: TenantId) =>
      asFleet(store, (sql) => enqueue(jobs, sql, name, { tenantId }))
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('sync-tenant', ours)))
    assert.equal(answers.filter(Boolean).length, 1)
    assert.equal(await ask('sync-tenant', other), true, 'another tenant’s work is other work')
    assert.equal(await ask('verify-tenant', ours), true, 'another task is other work')
    assert.equal((await jobsIn(jobs, 'sync-tenant')).length, 2)

    const [running] = await jobs.boss.fetch('sync-tenant')
    assert.ok(running)
    const id = (running.data as { tenantId: TenantId }).tenantId
    assert.equal(await ask('sync-tenant', id), true, 'while one runs, one more may wait')
    assert.equal(await ask('sync-tenant', id), false)
    const second = (await jobs.boss.fetch<{ tenantId: TenantId }>('sync-tenant', { batchSize: 10 })).map(
      (job) => job.data.tenantId,
    )
    assert.deepEqual(second, [id === ours ? other : ours], 'and it does not start beside the running one')
  })

  test('work that is of no tenant waits once, however often it is asked for', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const ask = () => asFleet(store, (sql) => enqueue(jobs, sql, 'watch', {}))
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]).then((all) => all.filter(Boolean).length), 1)
  })

  test('work for later is not given out now', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await asFleet(store, (sql) => enqueue(jobs, sql, 'verify-tenant', { tenantId }, { inMilliseconds: 3_600_000 }))
    assert.deepEqual(await jobs.boss.fetch('verify-tenant'), [])
    const [job] = await jobsIn(jobs, 'verify-tenant')
    assert.equal((job?.startAfter.getTime() ?? 0) - (job?.createdOn.getTime() ?? 0), 3_600_000)
  })

  test('what waits for a tenant is taken away; what runs, and what others wait for, stays', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [ours, other] = [madeUp.tenantId(), madeUp.tenantId()]
    const ask = (name: 'sync-tenant' | 'verify-tenant', tenantId: TenantId) =>
      asFleet(store, (sql) => enqueue(jobs, sql, name, { tenantId }))
    await ask('sync-tenant', ours)
    const [running] = await jobs.boss.fetch('sync-tenant')
    for (const tenantId of [ours, other])
      for (const name of ['sync-tenant', 'verify-tenant'] as const) await ask(name, tenantId)
    for (const tenantId of [ours, other])
      for (const job of ['a-job', 'zz']) await asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId, job }))

    await cancelJobsOf(jobs, ours)
    const left = async (name: JobName) =>
      (await jobsIn(jobs, name))
        .filter(({ state }) => state !== 'cancelled')
        .map(({ id, state, data }) => ({ tenantId: data.tenantId, state, isTheRunningOne: id === running?.id }))
    assert.deepEqual(await left('sync-tenant'), [
      { tenantId: ours, state: 'active', isTheRunningOne: true },
      { tenantId: other, state: 'created', isTheRunningOne: false },
    ])
    assert.deepEqual(await left('verify-tenant'), [{ tenantId: other, state: 'created', isTheRunningOne: false }])
    assert.deepEqual(
      (await left('run-job')).map(({ tenantId, state }) => [tenantId, state]),
      [
        [other, 'created'],
        [other, 'created'],
      ],
    )
    assert.equal(await ask('verify-tenant', ours), true, 'new work can be asked for afterwards')
  })

  test('what waits for a tenant is taken away without a look at what has ended, or at what waits for others', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const ours = madeUp.tenantId()
    const neighbours = ['0', '9', 'a', 'f'].map((last) => `${ours.slice(0, -1)}${last}` as TenantId)
    const others = [...neighbours.filter((id) => id !== ours), ...Array.from({ length: 300 }, madeUp.tenantId)]
    const sorts = ['sync-tenant', 'verify-tenant', 'run-job'] as const
    const ask = (tenantIds: readonly TenantId[]) =>
      asFleet(store, async (handle) => {
        for (const name of ['sync-tenant', 'verify-tenant'] as const)
          await enqueueAll(
            jobs,
            handle,
            name,
            tenantIds.map((tenantId) => ({ tenantId })),
          )
        const own = ['a-job', 'zz'].flatMap((job) => tenantIds.map((tenantId) => ({ tenantId, job })))
        await enqueueAll(jobs, handle, 'run-job', own)
      })
    await ask([ours])
    await endThousandfold(store)
    await ask([ours, ...others])
    await sql`analyze pgboss.job_common`.execute(store.kysely)

    const explained: unknown[] = []
    const db = jobs.boss.getDb()
    const execute = db.executeSql.bind(db)
    const asked = t.mock.method(db, 'executeSql', async (text: string, values?: unknown[]) => {
      const answer = await execute(`${EXPLAIN}${text}`, values)
      explained.push(...answer.rows)
      return answer
    })
    await cancelJobsOf(jobs, ours)
    asked.mock.restore()
    const read = rowsRead(explained, 'job_common')
    assert.ok(read <= 2 * 4, `${read} rows`)
    const { rows } = await sql<{ name: string; state: string; ours: boolean; count: number }>`
      select name, state::text, data->>'tenantId' = ${ours} as ours, count(*)::int as count from pgboss.job
      where name = any(${[...sorts]}) and state <> 'completed' group by 1, 2, 3`.execute(store.kysely)
    assert.deepEqual(
      new Set(rows.map((row) => `${row.name} ${row.ours ? 'ours' : 'others’'}: ${row.count} ${row.state}`)),
      new Set(
        sorts.flatMap((name) => {
          const each = name === 'run-job' ? 2 : 1
          return [`${name} ours: ${each} cancelled`, `${name} others’: ${each * others.length} created`]
        }),
      ),
    )
  })

  test('the keys of a tenant lie side by side, in whatever language the database sorts', async () => {
    const { kysely } = await backend.store()
    const { rows: languages } = await sql<{ language: string }>`
      select oid::regcollation::text as language from pg_collation
      where collencoding in (-1, (select encoding from pg_database where datname = current_database()))`.execute(kysely)
    assert.ok(languages.length > 2)
    const ends = ['00', '09', '9a', 'aa', 'cc', 'dc', 'dd', 'de', 'ee', 'fe', 'ff']
    const ids = ends.map((end) => `${madeUp.tenantId().slice(0, -2)}${end}` as TenantId)
    const siblings = ids.flatMap((id) => ends.map((end) => `${id.slice(0, -2)}${end}` as TenantId))
    const keys = siblings.flatMap((tenantId) => [
      { tenantId, key: keyOf('sync-tenant', { tenantId }) },
      ...['a', 'a-9', 'ch', 'report', 'sz', 'zs', 'zz-9'].map((job) => ({
        tenantId,
        key: keyOf('run-job', { tenantId, job }),
      })),
    ])
    const of = ids.map((id) => ({ id, ...keysOf(id) }))
    const { rows: wrong } = await sql<{ language: string }>`
      with known as (select * from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k("tenantId" text, key text)),
        wanted as (select * from jsonb_to_recordset(${JSON.stringify(of)}::jsonb) as w(id text, "from" text, below text))
      ${sql.join(
        languages.map(
          ({ language }) => sql`
            select ${language}::text as language from known, wanted
            having bool_or((key collate ${sql.raw(language)} >= "from" and key collate ${sql.raw(language)} < below)
              <> ("tenantId" = id))`,
        ),
        sql` union all `,
      )}`.execute(kysely)
    assert.deepEqual(wrong, [])
  })

  test('what waits to be read of a tenant is found by its key, however much waits and has ended', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [ours, ...others] = Array.from({ length: 500 }, madeUp.tenantId) as [TenantId, ...TenantId[]]
    const ask = (tenantIds: readonly TenantId[]) =>
      asFleet(store, (sql) =>
        enqueueAll(
          jobs,
          sql,
          'sync-tenant',
          tenantIds.map((tenantId) => ({ tenantId })),
        ),
      )
    await ask([ours])
    await endThousandfold(store)
    await ask(others)
    await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId: ours }, { inMilliseconds: 3_600_000 }))
    await sql`analyze pgboss.job_common`.execute(store.kysely)

    const { askedAt, retryAt } = (await waitingReadings(jobs, [ours]))(ours)
    const { rows } = await sql<{ at: Date }>`
      select start_after as at from pgboss.job where singleton_key = ${ours} and state = 'created'`.execute(
      store.kysely,
    )
    assert.deepEqual([askedAt, retryAt], [rows[0]?.at, null])
    assert.deepEqual((await waitingReadings(jobs, []))(ours), { askedAt: null, retryAt: null })

    const explained: unknown[] = []
    const db = jobs.boss.getDb()
    const execute = db.executeSql.bind(db)
    const asked = t.mock.method(db, 'executeSql', async (text: string, values?: unknown[]) => {
      explained.push(...(await execute(`${EXPLAIN}${text}`, values)).rows)
      return { rows: [] }
    })
    await waitingReadings(jobs, [ours])
    asked.mock.restore()
    const read = rowsRead(explained, 'job_common')
    assert.ok(read <= 4, `${read} rows`)
  })

  test('what has ended is cleared away after hours, however it was begun', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const [lately, longAgo, byHand] = [madeUp.tenantId(), madeUp.tenantId(), madeUp.tenantId()]
    for (const tenantId of [lately, longAgo]) {
      await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
      const [job] = await jobs.boss.fetch('sync-tenant')
      await jobs.boss.complete('sync-tenant', job?.id ?? assert.fail())
    }
    const claimed = await claimJob(jobs, 'sync-tenant', { tenantId: byHand })
    await claimed?.[Symbol.asyncDispose]()
    assert.equal((await jobsIn(jobs, 'sync-tenant')).length, 3)
    // The database’s clock cannot be turned, so they are made older.
    for (const [tenantId, hours] of [
      [lately, 5],
      [longAgo, 7],
      [byHand, 7],
    ] as const)
      await sql`update pgboss.job set completed_on = completed_on - make_interval(hours => ${hours})
        where singleton_key = ${tenantId}`.execute(store.kysely)
    await jobs.boss.supervise()
    assert.deepEqual(
      (await jobsIn(jobs, 'sync-tenant')).map(({ data }) => data.tenantId),
      [lately],
    )
  })

  test('opening the queue again, or from another process without the right to change it, keeps what waits', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const tenantId = madeUp.tenantId()
    await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId }))
    for (const migrate of [true, false]) {
      const again = await openJobs({ store, log: silentLog, work: false, migrate })
      assert.equal((await jobsIn(again, 'sync-tenant')).length, 1)
      assert.equal(await asFleet(store, (sql) => enqueue(again, sql, 'verify-tenant', { tenantId })), migrate)
      await again.close()
    }
    for (const name of JOB_NAMES) assert.ok(await jobs.boss.getQueue(name), name)
  })
})
