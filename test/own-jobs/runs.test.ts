import assert from 'node:assert/strict'
import { after, beforeEach, suite, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '@microsoft/microsoft-graph-client'
import { sql } from 'kysely'
import { type Clock, systemClock } from '#base/clock.ts'
import { runJob } from '#flows/run-job.ts'
import { syncTenant } from '#flows/sync-tenant.ts'
import { defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobRun } from '#model/job.ts'
import { diagnose } from '#model/problem.ts'
import { listAudit } from '#store/audit.ts'
import { listIncidents } from '#store/incidents.ts'
import { asFleet, asTenant } from '#store/open.ts'
import { latestRun, listRuns } from '#store/sync-runs.ts'
import { findTenant } from '#store/tenants.ts'
import { APP_OF_TESTS, type Fleet, openFleet } from '#test/support/fleet.ts'
import { freshDatabase } from '#test/support/postgres.ts'

type Run = JobRun<Client>

const noop = () => {}
const never = new AbortController().signal
/** How far the hands were turned; pauses take as long as they take. */
let turned = 0
const clock: Clock = {
  ...systemClock,
  now: () => new Date(Date.now() + turned),
  turnedMilliseconds: () => turned,
}
/** What the job does: each test says. */
let work: (run: Run) => Promise<void> = async () => {}

const APP = defineApp({
  ...APP_OF_TESTS,
  jobs: [
    {
      name: 'the-job',
      schedule: { everyMinutes: 60 },
      permissions: ['User.Read.All'],
      run: (run) => work(run as Run),
    },
  ],
})

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
          tenants: 16,
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

    test('a transaction sees and touches rows of its own tenant only, and cannot step out of it', async () => {
      const other = fleet.tenantIds[14] as TenantId
      await syncTenant(fleet.tools, { tenantId: other, signal: never })
      await syncTenant(fleet.tools, { tenantId, signal: never })
      await run(async ({ db }) => {
        const tenants = await db.transaction(({ query }) =>
          query<{ tenant_id: string }>('select distinct tenant_id from tenantry.resources'),
        )
        assert.deepEqual(tenants, [{ tenant_id: tenantId }])
        await assert.rejects(
          db.transaction(({ query }) =>
            query('insert into tenantry.job_checkpoints values ($1, $2, $3::jsonb, now())', [other, 'the-job', '1']),
          ),
          /row-level security/,
        )
        for (const leave of ['reset role', ' SET ROLE postgres', 'commit', 'rollback'])
          await assert.rejects(
            db.transaction(({ query }) => query(leave)),
            /may not change its transaction or its role/,
            leave,
          )
        await assert.rejects(
          db.transaction(({ query }) => query('create table public.mine (id int)')),
          /permission denied/,
        )
      })
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
