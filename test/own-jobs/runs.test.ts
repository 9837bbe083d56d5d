import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, beforeEach, suite, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Clock, systemClock } from '#base/clock.ts'
import { runJob } from '#flows/runs/run-job.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { loadCheckpoint } from '#store/job-checkpoints.ts'
import { latestRun, listRuns } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import { appWithJob, type Run } from '#test/own-jobs/support/one-job.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { freshDatabase } from '#test/support/postgres.ts'

const noop = () => {}
/** As docs/jobs.md says it. */
const TABLE_OF_DOCS =
  /```sql\n(create schema reports[^`]+)```/
    .exec(readFileSync('docs/jobs.md', 'utf8'))?.[1]
    ?.split(';')
    .filter((statement) => statement.trim()) ?? []

const never = new AbortController().signal
/** How far the hands were turned; pauses take as long as they take. */
let turned = 0
const clock: Clock = {
  ...systemClock,
  now: () => new Date(Date.now() + turned),
  turnedMilliseconds: () => turned,
  turned: (moment) => new Date(moment.getTime() + turned),
}
/** What the job does: each test says. */
let work: (run: Run) => Promise<void> = async () => {}

const APP = appWithJob((run) => work(run))

for (const backend of ['pglite', 'postgres'] as const)
  suite(backend, () => {
    let fleet: Fleet
    let next = 0
    /** Every test has a tenant of its own. */
    let tenantId: TenantId
    let opening: Promise<Fleet> | null = null
    beforeEach(async () => {
      opening ??= (async () =>
        openFleet({
          tenants: 24,
          users: 30,
          groups: 1,
          app: APP,
          clock,
          databaseUrl: backend === 'postgres' ? await freshDatabase() : null,
        }))()
      fleet = await opening
      fleet.emulator.mischief.clear()
      tenantId = fleet.tenantIds[next] as TenantId
      next += 1
    })
    after(() => fleet[Symbol.asyncDispose]())

    const run = (doing: (run: Run) => Promise<void>, signal = never) => {
      work = doing
      return runJob(fleet.tools, { tenantId, job: 'the-job', signal })
    }
    const latest = () => asTenant(fleet.tools.store, tenantId, (handle) => latestRun(handle, 'the-job'))
    const tenant = () => asTenant(fleet.tools.store, tenantId, (handle) => findTenant(handle, tenantId))
    const failsWith = (code: string) => (error: unknown) => {
      assert.equal(diagnose(error).code, code)
      return true
    }

    test('a run is given its tenant: Graph, what was read of the directory, and a line for operators', async () => {
      await syncTenant(fleet.tools, { tenantId, signal: never })
      let [asked, stored] = [0, 0]
      assert.equal(
        await run(async ({ tenant, graph, db, progress }) => {
          assert.equal(tenant.id, tenantId)
          const { value } = (await graph.api('/users').top(999).get()) as { value: unknown[] }
          asked = value.length
          for await (const { kind } of db.resources('user')) if (kind === 'user') stored += 1
          await progress(`${stored} people`)
        }),
        'succeeded',
      )
      assert.deepEqual([asked, stored], [30, 30])
      const found = await latest()
      assert.deepEqual([found?.job, found?.state, found?.progress], ['the-job', 'succeeded', '30 people'])
    })

    test('G10 a run asks many things at once, and hears of each what became of it', async () => {
      const found: unknown[] = []
      await run(async ({ batch }) => {
        const outcomes = await batch([
          { id: 'people', path: '/users?$select=id&$top=999' },
          { id: 'forbidden', path: '/applications' },
        ])
        for (const { id, status, body, problem } of outcomes)
          found.push([id, status, (body as { value: unknown[] } | null)?.value.length ?? null, problem?.code ?? null])
      })
      assert.deepEqual(found, [
        ['people', 200, 30, null],
        ['forbidden', 403, null, 'PERMISSION_MISSING'],
      ])
    })

    /** A tenant whose directory was read, besides the test’s own. */
    const twoRead = async () => {
      const other = fleet.tenantIds.at(-1) as TenantId
      for (const id of [other, tenantId]) await syncTenant(fleet.tools, { tenantId: id, signal: never })
      return other
    }
    type Query = Parameters<Parameters<Run['db']['transaction']>[0]>[0]['query']
    const seen = async (query: Query) =>
      (await query<{ tenant_id: string }>('select distinct tenant_id from tenantry.resources')).map(
        (row) => row.tenant_id,
      )

    test('A02 a transaction sees rows of its own tenant only, whatever its statements set', async () => {
      const other = await twoRead()
      await run(async ({ db }) => {
        assert.deepEqual(await db.transaction(({ query }) => seen(query)), [tenantId])
        await db.transaction(async ({ query, saveCheckpoint }) => {
          for (const name of ['tenantry.tenant_id', 'tenantry.tenant_ids'])
            for (const local of [true, false]) {
              await query('select set_config($1, $2, $3)', [name, name.endsWith('s') ? `{${other}}` : other, local])
              assert.deepEqual(await seen(query), [tenantId], name)
            }
          const inOne = await query<{ tenant_id: string }>(
            `with moved as materialized (select set_config('tenantry.tenant_id', $1, true) as now)
             select distinct tenant_id, now from moved, tenantry.resources where now is not null`,
            [other],
          )
          assert.deepEqual(
            inOne.map((row) => row.tenant_id),
            [tenantId],
          )
          await saveCheckpoint('ours')
        })
        const [claim = ''] = await db.transaction(async ({ query }) => {
          const [row] = await query<{ claim: string }>(`select current_setting('tenantry.author') as claim`)
          return [row?.claim]
        })
        assert.match(claim, new RegExp(`^${tenantId} [0-9a-f]{64}$`))
        // Neither made up, nor with another tenant in it, nor from another transaction.
        for (const forged of [other, `${other} ${'0'.repeat(64)}`, claim.replace(tenantId, other), claim, ''])
          await db.transaction(async ({ query }) => {
            await query(`select set_config('tenantry.author', $1, true)`, [forged])
            assert.deepEqual(await seen(query), [], forged)
          })
      })
      assert.equal(await asTenant(fleet.tools.store, other, (handle) => loadCheckpoint(handle, 'the-job')), null)
      assert.equal(await asTenant(fleet.tools.store, tenantId, (handle) => loadCheckpoint(handle, 'the-job')), 'ours')
    })

    test('A02 no statement leaves the role that it is run as, ends its transaction, or is more than one', async () => {
      await run(async ({ db }) => {
        for (const [statement, refusal] of [
          ...['none', 'tenantry_fleet', 'tenantry_tenant', 'tenantry_owner'].flatMap((role) => [
            [`select set_config('role', '${role}', true)`, /within security-definer function/] as const,
            [
              `select query_to_xml('select set_config(''role'', ''${role}'', true)', true, true, '')`,
              /security-definer|XML/,
            ] as const,
          ]),
          [`select set_config('session_authorization', 'postgres', true)`, /within security-definer function/],
          ...[
            'reset role',
            ' SET ROLE postgres',
            '/* */ reset role',
            '-- a comment\nreset role',
            `set local tenantry.tenant_id = ''`,
            'commit',
            'rollback',
            'savepoint one',
            'discard all',
            `do $$ begin set role tenantry_fleet; end $$`,
            'create table public.mine (id int)',
            'create temp table mine (id int)',
            `declare mine cursor with hold for select set_config('role', 'none', true)`,
            'prepare mine as select 1',
            'explain analyze select 1',
            'copy tenantry.resources to stdout',
            `listen "the-bell"`,
          ].map((statement) => [statement, /syntax error|one statement/] as const),
          ['select 1; reset role; set role tenantry_fleet', /one statement/],
          [`select 1; create function pg_temp.mine() returns int return 1`, /one statement/],
          ['select * from tenantry.signing_key', /permission denied/],
          [`select tenantry.sign_tenant('${tenantId}')`, /permission denied/],
          ['select * from tenantry.sync_cursors', /permission denied/],
          ['select * from pgboss.job', /permission denied/],
          ['delete from tenantry.resources', /permission denied/],
          [`update tenantry.tenants set state = 'active'`, /permission denied/],
        ] as const)
          await assert.rejects(
            db.transaction(({ query }) => query(statement)),
            refusal,
            statement,
          )
      })
    })

    test('A02 what statements leave on a connection does not outlive their transaction', async () => {
      const { kysely, backend: where } = fleet.tools.store
      if (where === 'pglite') await sql`listen tenantry_jobs`.execute(kysely)
      await run(({ db }) =>
        db.transaction(async ({ query }) => {
          await query(
            `select set_config('search_path', 'nowhere', false), set_config('tenantry.tenant_id', $1, false),
            set_config('statement_timeout', '1h', false), pg_advisory_lock(4711)`,
            [tenantId],
          )
          await query('select 1 as one into temp resources')
        }),
      )
      const connections = await Promise.all(
        Array.from({ length: 12 }, () =>
          sql<Record<string, unknown>>`
            select session_user = current_user as ours, current_setting('is_superuser') as superuser,
              current_setting('search_path') = 'nowhere' as path, current_setting('statement_timeout') as timeout,
              nullif(current_setting('tenantry.tenant_id', true), '') as tenant,
              (select count(*)::int from pg_locks where locktype = 'advisory' and objid = 4711) as locks,
              (select count(*)::int from pg_class where relpersistence = 't' and relkind = 'r') as tables,
              (select count(*)::int from pg_prepared_statements where name = 'tenantry_statement') as prepared`.execute(
            kysely,
          ),
        ),
      )
      const { rows: heard } = await sql`select pg_listening_channels()`.execute(kysely)
      assert.equal(heard.length, where === 'pglite' ? 1 : 0, 'new jobs are still heard of')
      for (const { rows } of connections)
        assert.deepEqual(rows, [
          { ours: true, superuser: 'off', path: false, timeout: '0', tenant: null, locks: 0, tables: 0, prepared: 0 },
        ])
    })

    test('a job’s own table takes what it is given, gives it back as JSON, and keeps tenants apart', async () => {
      const other = fleet.tenantIds.at(-1) as TenantId
      const { kysely } = fleet.tools.store
      for (const statement of TABLE_OF_DOCS) await sql.raw(statement).execute(kysely)
      const at = new Date('2026-03-01T12:00:00.500Z')
      const given = [
        at,
        42,
        1.5,
        true,
        `O'Neill; "\\" — ü`,
        ['a,"b"', null, 'c\\'],
        [
          [1, 2],
          [3, 4],
        ],
        { a: [1, null] },
        Buffer.from([0, 255]),
        null,
        Number.POSITIVE_INFINITY,
        [Number.NaN, -1.5],
      ]
      const found: unknown[] = []
      await run(async ({ db }) => {
        await db
          .transaction(async ({ query }) => {
            const insert = 'insert into reports.guests (counted_on, guests) values ($1, $2)'
            assert.deepEqual(await query(insert, ['2026-03-01', 3]), [])
            found.push(...(await query(`${insert} returning counted_on, guests;`, ['2026-03-02', 4])))
            found.push(
              ...(await query('update reports.guests set guests = guests + $1 where counted_on = $2 returning guests', [
                1,
                '2026-03-02',
              ])),
            )
            found.push(
              ...(await query(
                'with gone as (delete from reports.guests where guests = 5 returning guests) select count(*) from gone',
              )),
            )
            await assert.rejects(query(insert, ['2026-03-01', 3]), /duplicate key/)
          })
          .catch(() => {})
        await db.transaction(({ query }) =>
          query('insert into reports.guests (counted_on, guests) values ($1, $2)', ['2026-03-01', 3]),
        )
        await assert.rejects(
          db.transaction(({ query }) =>
            query('insert into reports.guests (tenant_id, counted_on, guests) values ($1, $2, 9)', [
              other,
              '2026-03-01',
            ]),
          ),
          /row-level security/,
        )
        found.push(
          ...(await db.transaction(({ query }) =>
            query(
              `select $1::timestamptz at time zone 'utc' as at, $2::int as int, $3::float8 as float, $4::boolean as bool, $5 as text,
                $6::text[] as list, $7::int[] as grid, $8::jsonb as json, $9::bytea as bytes, $10::int as nothing,
                $11::float8::text as endless, $12::float8[]::text as floats`,
              given,
            ),
          )),
        )
      })
      assert.deepEqual(found, [
        { counted_on: '2026-03-02', guests: 4 },
        { guests: 5 },
        { count: 1 },
        {
          at: '2026-03-01T12:00:00.5',
          int: 42,
          float: 1.5,
          bool: true,
          text: `O'Neill; "\\" — ü`,
          list: ['a,"b"', null, 'c\\'],
          grid: [
            [1, 2],
            [3, 4],
          ],
          json: { a: [1, null] },
          bytes: '\\x00ff',
          nothing: null,
          endless: 'Infinity',
          floats: '{NaN,-1.5}',
        },
      ])
      const rows: unknown[] = []
      const [own, strange] = [tenantId, other]
      for (const id of [own, strange]) {
        work = async ({ db }) => {
          rows.push(await db.transaction(({ query }) => query('select guests from reports.guests')))
        }
        await runJob(fleet.tools, { tenantId: id, job: 'the-job', signal: never })
      }
      assert.deepEqual(rows, [[{ guests: 3 }], []])
    })

    test('what a checkpoint says is there in the next run, and it is saved with its rows or not at all', async () => {
      const seen: unknown[] = []
      await assert.rejects(
        run(async ({ checkpoint }) => {
          seen.push(await checkpoint.load())
          await checkpoint.save({ page: 3 })
          throw new Error('the process is torn away')
        }),
        failsWith('JOB_FAILED'),
      )
      await run(async ({ checkpoint, db }) => {
        seen.push(await checkpoint.load())
        await assert.rejects(
          db.transaction(async ({ saveCheckpoint }) => {
            await saveCheckpoint({ page: 4 })
            throw new Error('rolled back')
          }),
          /rolled back/,
        )
        seen.push(await checkpoint.load())
        await db.transaction(({ saveCheckpoint }) => saveCheckpoint({ page: 5 }))
      })
      await run(async ({ checkpoint }) => {
        seen.push(await checkpoint.load())
        await checkpoint.save(null)
        seen.push(await checkpoint.load())
      })
      assert.deepEqual(seen, [null, { page: 3 }, { page: 3 }, { page: 5 }, null])
    })

    test('a permission that the tenant has taken away stops the run before it begins, and the tenant is degraded', async () => {
      let begun = false
      await fleet.emulator.directory.revokePermission({
        tenant: tenantId,
        app: fleet.tools.config.clientId,
        permission: 'User.Read.All',
      })
      await assert.rejects(
        run(async () => {
          begun = true
        }),
        failsWith('PERMISSION_MISSING'),
      )
      assert.equal(begun, false)
      assert.equal((await latest())?.diagnosis?.owner, 'customer-administrator')
      assert.equal((await tenant())?.state, 'degraded')
    })

    test('a permission that was granted after the token was fetched is found by a fresh token', async () => {
      const grant = { tenant: tenantId, app: fleet.tools.config.clientId, permission: 'User.Read.All' }
      await fleet.emulator.directory.revokePermission(grant)
      await assert.rejects(
        run(async () => {}),
        failsWith('PERMISSION_MISSING'),
      )
      await fleet.emulator.directory.grantPermission(grant)
      assert.equal(await run(async () => {}), 'succeeded')
    })

    test('what Graph refuses although all that was declared is granted, is the job’s fault and not the customer’s', async () => {
      await assert.rejects(
        run(async ({ graph }) => {
          await graph.api('/applications').get()
        }),
        failsWith('GRAPH_REFUSED'),
      )
      assert.equal((await latest())?.diagnosis?.owner, 'operator')
      assert.equal((await tenant())?.state, 'active')
    })

    test('G01 G03 a job that is led away ends with it and an incident, even when its own code thinks nothing of it', async () => {
      const elsewhere = 'https://graph.microsoft.com.evil.example/v1.0/users'
      const ways = {
        'a next link': { nextLink: elsewhere },
        'a redirect': { answer: { status: 302, headers: { location: elsewhere } } },
      }
      let told = 0
      for (const [way, lie] of Object.entries(ways)) {
        fleet.emulator.mischief.once({ at: 'graph', match: { path: '/v1.0/users', tenant: tenantId }, ...lie })
        await assert.rejects(
          run(async ({ graph, signal }) => {
            try {
              const page = (await graph.api('/users').top(10).get()) as Record<string, string>
              await graph.api(page['@odata.nextLink'] ?? '/users').get()
            } catch {
              told += signal.aborted ? 1 : 0
            }
          }),
          failsWith('ORIGIN_REFUSED'),
          way,
        )
        const found = await latest()
        assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'ORIGIN_REFUSED'])
      }
      await assert.rejects(
        run(({ batch }) => batch([{ id: 'away', path: elsewhere }]).then(noop, noop)),
        failsWith('ORIGIN_REFUSED'),
      )
      assert.equal(told, 2, 'the signal tells whoever goes on regardless')
      const incidents = await asFleet(fleet.tools.store, (handle) => listIncidents(handle, { limit: 99 }))
      const own = incidents.filter((incident) => incident.tenantId === tenantId)
      assert.deepEqual(
        own.map(({ code, times, holds }) => [code, times, holds]),
        [['ORIGIN_REFUSED', 3, false]],
      )
      assert.equal((await tenant())?.state, 'active', 'it is not the customer’s doing')
    })

    test('when Graph asks for long patience the run waits in the queue and goes on from its checkpoint', async () => {
      fleet.emulator.mischief.add({
        at: 'graph',
        match: { path: '/groups', tenant: tenantId },
        times: 1,
        answer: { status: 429, headers: { 'retry-after': '300' }, body: '{"error":{"code":"TooManyRequests"}}' },
      })
      const pages: unknown[] = []
      const reading = async ({ graph, checkpoint }: Run) => {
        pages.push(await checkpoint.load())
        await checkpoint.save('half')
        await graph.api('/groups').get()
      }
      assert.equal(await run(reading), 'waiting')
      const first = await latest()
      assert.equal(first?.state, 'waiting')
      const [job] = await fleet.tools.jobs.boss.findJobs('run-job', { key: `${tenantId}/the-job`, queued: true })
      assert.ok(job && job.startAfter.getTime() > Date.now() + 30_000, 'it is not due at once')
      turned += 300_000
      assert.equal(await run(reading), 'succeeded')
      assert.deepEqual(pages, [null, 'half'])
      assert.equal((await latest())?.id, first?.id, 'it is the same run')
    })

    test('G05 a job that Graph puts off for hours fails, unless it gets on by its checkpoint meanwhile', async () => {
      const HOUR = 3_600_000
      const answer = { status: 429, headers: { 'retry-after': '60' }, body: '{"error":{"code":"TooManyRequests"}}' }
      fleet.emulator.mischief.add({ at: 'graph', match: { path: '/groups', tenant: tenantId }, answer })
      const key = `${tenantId}/the-job`
      const until = async (hours: number, reading: (run: Run) => Promise<void>) => {
        const begun = turned
        for (let wait = 0; turned - begun < hours * HOUR; wait++) {
          assert.ok(wait < 80, 'the pauses grow')
          assert.equal(await run(reading), 'waiting')
          const [job] = await fleet.tools.jobs.boss.findJobs('run-job', { key, queued: true })
          assert.ok(job)
          await fleet.tools.jobs.boss.deleteJob('run-job', job.id)
          turned += Math.max(0, job.startAfter.getTime() - clock.now().getTime())
        }
      }
      const idle = async ({ graph }: Run) => void (await graph.api('/groups').get())
      await until(3, idle)
      await until(0.01, async ({ graph, checkpoint }) => {
        await checkpoint.save(turned)
        await graph.api('/groups').get()
      })
      await until(3, idle)
      assert.equal((await latest())?.state, 'waiting')
      await assert.rejects(until(2, idle), failsWith('THROTTLED'))
      const found = await latest()
      assert.deepEqual([found?.state, found?.diagnosis?.retry], ['failed', 'slowly'])
    })

    test('an error of the job’s own is told by its name only, and is tried again', async () => {
      await assert.rejects(
        run(async () => {
          throw new Error('password=hunter2')
        }),
        (error) => diagnose(error).retry === 'backoff',
      )
      const found = await latest()
      assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'JOB_FAILED'])
      assert.ok(!JSON.stringify(found).includes('hunter2'))
    })

    test('an error at once, before anything is awaited, is the job’s own as well', async () => {
      const atOnce = () => {
        throw new Error('at once')
      }
      await assert.rejects(run(atOnce), failsWith('JOB_FAILED'))
    })

    test('R04 a server of the author’s own that cannot be reached within a transaction is not our database', async () => {
      const elsewhere = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      await assert.rejects(
        run(({ db }) => db.transaction(() => Promise.reject(elsewhere))),
        failsWith('JOB_FAILED'),
      )
    })

    test('R02 what ends badly after another worker has taken it over says nothing any more', async () => {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const late = run(async () => {
        reach()
        await released
        throw new Error('too late')
      })
      await reached
      await run(async () => {})
      release()
      await assert.rejects(late, failsWith('RUN_SUPERSEDED'))
    })

    test('a run that another worker has taken over changes nothing any more', async () => {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const refused: unknown[] = []
      const late = run(async ({ db, checkpoint, progress }) => {
        reach()
        await released
        for (const write of [
          () => checkpoint.save('late'),
          () => progress('late'),
          () => db.transaction(({ saveCheckpoint }) => saveCheckpoint('late')),
        ])
          await assert.rejects(write(), (error) => refused.push(diagnose(error).code) > 0)
        await checkpoint.save('late')
      })
      await reached
      await run(({ checkpoint }) => checkpoint.save('in time'))
      release()
      await assert.rejects(late, failsWith('RUN_SUPERSEDED'))
      assert.deepEqual(refused, Array(3).fill('RUN_SUPERSEDED'))
      let kept: unknown
      await run(async ({ checkpoint }) => {
        kept = await checkpoint.load()
      })
      assert.equal(kept, 'in time')
      const states = await asTenant(fleet.tools.store, tenantId, (handle) => listRuns(handle, { limit: 9 }))
      assert.deepEqual(states.map(({ state }) => state).toSorted(), ['interrupted', 'succeeded', 'succeeded'])
    })

    test('the directory sync and a job of one’s own run beside each other in one tenant', async () => {
      await run(async ({ checkpoint }) => {
        await syncTenant(fleet.tools, { tenantId, signal: never })
        await checkpoint.save('still ours')
      })
      assert.equal((await latest())?.state, 'succeeded')
      assert.equal((await asTenant(fleet.tools.store, tenantId, (handle) => latestRun(handle)))?.state, 'succeeded')
    })

    test('a stopping process interrupts the run, and it is no failure', async () => {
      const stopping = new AbortController()
      await assert.rejects(
        run(({ signal }) => {
          stopping.abort(new Error('The process is stopping.'))
          return wait(60_000, undefined, { signal })
        }, stopping.signal),
      )
      const found = await latest()
      assert.deepEqual([found?.state, found?.diagnosis], ['interrupted', null])
    })

    test('for a tenant at rest nothing is done, and an unknown job is named', async () => {
      await asFleet(fleet.tools.store, ({ db }) =>
        sql`update tenantry.tenants set state = 'suspended' where id = ${tenantId}`.execute(db),
      )
      assert.equal(await run(() => Promise.reject(new Error('it must not run'))), 'idle')
      assert.equal(await latest(), null)
      await assert.rejects(
        runJob(fleet.tools, { tenantId, job: 'no-such-job', signal: never }),
        failsWith('JOB_UNKNOWN'),
      )
      assert.ok((await asTenant(fleet.tools.store, tenantId, (handle) => listAudit(handle, { limit: 5 }))).length > 0)
    })
  })
