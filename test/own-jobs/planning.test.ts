import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import type { Config } from '#config.ts'
import { tidy } from '#flows/fleet/tidy.ts'
import { planJobs } from '#flows/queue/plan-jobs.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobDefinition } from '#model/job.ts'
import { type Schedule, scheduleText, turnsAround } from '#model/schedule.ts'
import type { TenantState } from '#model/tenant.ts'
import { saveCursor } from '#store/cursors.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { takeJobsDue } from '#store/job-schedules.ts'
import { moveTenant } from '#store/tenants.ts'
import { type Backend, forEachBackend } from '#test/support/backends.ts'
import { DAY, HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aCursor, aTenant } from '#test/support/made-up.ts'
import { freshQueue, jobsIn } from '#test/support/open-queue.ts'
import { explaining, rowsRead } from '#test/support/rows-read.ts'

const aJob = (name: string, schedule: Schedule): JobDefinition => ({
  name,
  schedule,
  permissions: [],
  run: async () => {},
})

const byText = (left: string | undefined, right: string | undefined) => (left ?? '').localeCompare(right ?? '')

/** A planner whose configuration and clock the test changes. */
async function openPlanner(t: TestContext, backend: Backend, { tenants }: { tenants: number }) {
  const clock = handClock()
  const { store, jobs } = await freshQueue(t, backend, { clock })
  const ids: TenantId[] = []
  for (let count = 0; count < tenants; count++) ids.push(await aTenant(store))
  const tools = (definitions: readonly JobDefinition[]) => ({
    store,
    jobs,
    clock,
    config: { syncEveryMinutes: 60, app: { jobs: definitions } } as unknown as Config,
  })
  return {
    clock,
    store,
    jobs,
    ids,
    plan: (...definitions: JobDefinition[]) => planJobs(tools(definitions)),
    tidy: (...definitions: JobDefinition[]) => tidy(tools(definitions)),
    /** Whom it planned, in no order; what was planned is done then. */
    async planned(): Promise<{ tenantId: TenantId | undefined; job: string }[]> {
      const found = (await jobsIn(jobs, 'run-job')).filter(({ state }) => state === 'created')
      await jobs.boss.deleteQueuedJobs('run-job')
      return found.map(({ data }) => ({ tenantId: data.tenantId, job: (data as unknown as { job: string }).job }))
    },
    /** When each tenant is due, by its id. */
    async times(): Promise<Map<TenantId, Date>> {
      const { rows } = await asFleet(store, ({ db }) =>
        sql<{ tenant_id: TenantId; due_at: Date }>`
          select tenant_id, due_at from tenantry.job_schedules where job <> 'sync-tenant'`.execute(db),
      )
      return new Map(rows.map((row) => [row.tenant_id, row.due_at]))
    },
    /** Everybody’s turn comes now, as if they all had the same place. */
    async turnOfAll(): Promise<void> {
      await asFleet(store, ({ db }) => sql`update tenantry.job_schedules set due_at = ${clock.now()}`.execute(db))
    },
    /** Whose directory is put into the queue now; what was planned is done then. */
    async readings(): Promise<(TenantId | undefined)[]> {
      const found = (await jobsIn(jobs, 'sync-tenant')).filter(({ state }) => state === 'created')
      await jobs.boss.deleteQueuedJobs('sync-tenant')
      return found.map(({ data }) => data.tenantId)
    },
    move: (id: TenantId, to: TenantState) =>
      asFleet(store, (handle) =>
        moveTenant(handle, { id, to, actor: 'operator:test', reason: 'for a test', diagnosis: null }),
      ),
  }
}

forEachBackend((backend) => {
  test('a job that is new is spread over all working tenants, and each keeps its time', async (t) => {
    const { clock, ids, plan, planned, times } = await openPlanner(t, backend, { tenants: 60 })
    const hourly = aJob('hourly', { everyMinutes: 60 })
    await plan(hourly)
    assert.deepEqual(await planned(), [], 'nobody is due at the moment in which the job is added')
    const first = await times()
    assert.deepEqual([...first.keys()].toSorted(byText), ids.toSorted(byText))
    const quarters = new Set([...first.values()].map((at) => Math.floor(at.getTime() / (15 * MINUTE))))
    assert.ok(quarters.size >= 4, `all in ${quarters.size} quarters of an hour`)
    for (const at of first.values()) {
      const wait = at.getTime() - clock.now().getTime()
      assert.ok(wait > 0 && wait <= HOUR, `${wait} ms`)
    }

    let most = 0
    const seen: (TenantId | undefined)[] = []
    for (let minute = 0; minute < 60; minute++) {
      clock.pass(MINUTE)
      await plan(hourly)
      const now = (await planned()).map(({ tenantId }) => tenantId)
      most = Math.max(most, now.length)
      seen.push(...now)
    }
    assert.deepEqual(seen.toSorted(byText), ids.toSorted(byText), 'within one period each tenant has exactly one turn')
    assert.ok(most < 15, `${most} of 60 started together`)
    for (const [id, at] of await times()) assert.equal(at.getTime(), (first.get(id)?.getTime() ?? 0) + HOUR)
  })

  test('a cron expression names the hour; the tenants are spread over the hour that follows', async (t) => {
    const { clock, plan, times } = await openPlanner(t, backend, { tenants: 30 })
    await plan(aJob('nightly', '0 3 * * *'))
    const three = new Date('2026-03-03T03:00:00Z').getTime()
    assert.ok(clock.now().getTime() < three && three < clock.now().getTime() + DAY)
    const waits = [...(await times()).values()].map((at) => at.getTime() - three)
    assert.equal(waits.length, 30)
    for (const wait of waits) assert.ok(wait >= 0 && wait < HOUR, `${wait} ms after three o’clock`)
    assert.ok(new Set(waits).size > 25)
  })

  test('twenty thousand tenants do not start together, whatever the schedule', async (t) => {
    const { store, plan, times } = await openPlanner(t, backend, { tenants: 0 })
    await asFleet(store, ({ db }) =>
      sql`
        insert into tenantry.tenants (id, display_name, state, created_at, updated_at)
        select gen_random_uuid(), 'T', 'active', now(), now() from generate_series(1, 20000)`.execute(db),
    )
    for (const [schedule, minutes] of [
      ['0 3 * * *', 60],
      ['*/10 * * * *', 10],
      [{ everyMinutes: 60 }, 60],
    ] as const) {
      await plan(aJob('spread', schedule))
      const counts = new Map<number, number>()
      for (const at of (await times()).values()) {
        const minute = Math.floor(at.getTime() / MINUTE) % minutes
        counts.set(minute, (counts.get(minute) ?? 0) + 1)
      }
      const [fewest, most] = [Math.min(...counts.values()), Math.max(...counts.values())]
      const even = 20_000 / minutes
      assert.equal(counts.size, minutes, `${scheduleText(schedule)}: every minute has its part`)
      assert.ok(fewest > even * 0.7 && most < even * 1.3, `${scheduleText(schedule)}: ${fewest} to ${most} a minute`)
    }
  })

  for (const [words, schedule] of [
    ['at the next turn where that comes within the hour', { everyMinutes: 10 }],
    ['within the hour where the next turn is far', '0 3 * * *'],
  ] as const)
    test(`turns that were missed are made up for once, not one by one, nor all at once: ${words}`, async (t) => {
      const { clock, ids, plan, planned } = await openPlanner(t, backend, { tenants: 40 })
      const missed = aJob('missed', schedule)
      await plan(missed)
      clock.pass(3 * DAY + HOUR)
      const seen: (TenantId | undefined)[] = []
      let most = 0
      for (let minute = 0; minute <= (schedule === '0 3 * * *' ? 61 : 10); minute++) {
        await plan(missed)
        const found = await planned()
        most = Math.max(most, found.length)
        seen.push(...found.map(({ tenantId }) => tenantId))
        clock.pass(MINUTE)
      }
      assert.deepEqual([...new Set(seen)].toSorted(byText), ids.toSorted(byText))
      assert.ok(most < 20, `${most} of 40 started together`)
      if (schedule === '0 3 * * *') assert.equal(seen.length, 40, 'once')
    })

  test('the reading of directories is spread, keeps its time however long it waits, and is not all made up for at once', async (t) => {
    const { clock, store, ids, plan, readings } = await openPlanner(t, backend, { tenants: 60 })
    await plan()
    assert.deepEqual(await readings(), [], 'nobody is due at the moment in which it is planned first')
    const places = new Map<TenantId | undefined, number>()
    const hour = async (look: (tenantId: TenantId | undefined, minute: number) => void) => {
      let most = 0
      const seen: (TenantId | undefined)[] = []
      for (let minute = 0; minute < 60; minute++) {
        clock.pass(MINUTE)
        await plan()
        const found = await readings()
        for (const tenantId of found) look(tenantId, minute)
        most = Math.max(most, found.length)
        seen.push(...found)
      }
      assert.deepEqual(seen.toSorted(byText), ids.toSorted(byText), 'each once')
      assert.ok(most < 15, `${most} of 60 started together`)
    }
    await hour((tenantId, minute) => places.set(tenantId, minute))
    // Each was begun a while after its turn had come, and that moves nobody’s time.
    await asFleet(store, ({ db }) => sql`update tenantry.tenants set last_tried_at = ${clock.now()}`.execute(db))
    await hour((tenantId, minute) => assert.equal(minute, places.get(tenantId)))
    clock.pass(5 * HOUR)
    await plan()
    assert.deepEqual(await readings(), [], 'what was missed is not begun all at once')
    await hour((tenantId, minute) => assert.equal(minute, places.get(tenantId)))
  })

  test('a directory that was read since its turn came is not read again for it, nor while it rests', async (t) => {
    const { clock, store, ids, plan, turnOfAll, readings } = await openPlanner(t, backend, { tenants: 3 })
    const [read, resting, due] = ids as [TenantId, TenantId, TenantId]
    await plan()
    await turnOfAll()
    await asFleet(store, ({ db }) =>
      sql`update tenantry.tenants set last_tried_at = ${clock.now()} where id = ${read}`.execute(db),
    )
    const restUntil = new Date(clock.now().getTime() + 2 * MINUTE)
    await asFleet(store, ({ db }) =>
      sql`update tenantry.tenants set rest_until = ${restUntil} where id = ${resting}`.execute(db),
    )
    await plan()
    assert.deepEqual(await readings(), [due])
    clock.pass(3 * MINUTE)
    await plan()
    assert.ok((await readings()).includes(resting), 'its turn comes when the rest is over')
  })

  test('a delta link that will soon be too old goes before the others, also when its tenant waits already', async (t) => {
    const { clock, store, jobs, ids, plan, turnOfAll } = await openPlanner(t, backend, { tenants: 5 })
    const [waiting, young, old, tooOld, none] = ids as [TenantId, TenantId, TenantId, TenantId, TenantId]
    const linkOf = (tenantId: TenantId, days: number) =>
      asTenant(store, tenantId, (handle) =>
        saveCursor(handle, { ...aCursor(), deltaAt: new Date(clock.now().getTime() - days * DAY) }),
      )
    await linkOf(waiting, 5.5)
    await linkOf(young, 4.9)
    await linkOf(old, 5.1)
    await linkOf(tooOld, 6.6)
    await plan()
    for (const tenantId of [young, tooOld, none, waiting])
      await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
    await turnOfAll()
    await plan()
    const first = await jobs.boss.fetch<{ tenantId: TenantId }>('sync-tenant', { batchSize: 2 })
    assert.deepEqual(first.map(({ data }) => data.tenantId).toSorted(byText), [waiting, old].toSorted(byText))
    assert.equal((await jobs.boss.fetch('sync-tenant', { batchSize: 10 })).length, 3, 'each once')
  })

  test('a tenant that the daemon does not work for is not looked at, and has its turn at once when it is back', async (t) => {
    const { clock, ids, plan, planned, times, move, turnOfAll } = await openPlanner(t, backend, { tenants: 3 })
    const [stays, paused, gone] = ids as [TenantId, TenantId, TenantId]
    const hourly = aJob('hourly', { everyMinutes: 60 })
    await plan(hourly)
    await move(paused, 'suspended')
    await move(gone, 'revoked')
    assert.deepEqual([...(await times()).keys()], [stays])
    clock.pass(DAY)
    await turnOfAll()
    await plan(hourly)
    assert.deepEqual(await planned(), [{ tenantId: stays, job: 'hourly' }])
    await move(paused, 'active')
    await plan(hourly)
    assert.deepEqual(await planned(), [{ tenantId: paused, job: 'hourly' }])
    await move(stays, 'degraded')
    assert.ok((await times()).has(stays), 'a degraded tenant is worked for')
  })

  test('a tenant that signs up has its first run of every job at once', async (t) => {
    const { store, plan, planned } = await openPlanner(t, backend, { tenants: 1 })
    const both = [aJob('hourly', { everyMinutes: 60 }), aJob('nightly', '0 3 * * *')]
    await plan(...both)
    const newcomer = await aTenant(store)
    await plan(...both)
    assert.deepEqual(
      (await planned()).toSorted((left, right) => left.job.localeCompare(right.job)),
      [
        { tenantId: newcomer, job: 'hourly' },
        { tenantId: newcomer, job: 'nightly' },
      ],
    )
  })

  test('a job added later reaches everybody, one with another schedule moves, and one removed disappears', async (t) => {
    const { clock, ids, plan, planned, times, turnOfAll } = await openPlanner(t, backend, { tenants: 4 })
    await plan(aJob('first', { everyMinutes: 60 }))
    const before = await times()
    await plan(aJob('first', '30 5 * * *'))
    assert.equal((await times()).size, 4)
    for (const [id, at] of await times()) assert.notEqual(at.getTime(), before.get(id)?.getTime())
    await plan(aJob('second', { everyMinutes: 60 }))
    clock.pass(DAY)
    await turnOfAll()
    await plan(aJob('second', { everyMinutes: 60 }))
    const found = await planned()
    assert.deepEqual(found.map(({ tenantId }) => tenantId).toSorted(byText), ids.toSorted(byText))
    assert.ok(found.every(({ job }) => job === 'second'))
    await plan()
    assert.equal((await times()).size, 0)
  })

  test('a tenant that was overlooked while a job was being added is found', async (t) => {
    const { store, ids, plan, times, tidy: clear } = await openPlanner(t, backend, { tenants: 2 })
    const hourly = aJob('hourly', { everyMinutes: 60 })
    await plan(hourly)
    await asFleet(store, ({ db }) => sql`delete from tenantry.job_schedules where tenant_id = ${ids[0]}`.execute(db))
    await plan(hourly)
    assert.equal((await times()).size, 1)
    await clear(hourly)
    assert.deepEqual([...(await times()).keys()].toSorted(byText), ids.toSorted(byText))
  })

  test('a hundred that are due cost what a hundred cost, also where the server does not know yet how many are', async (t) => {
    const { store, clock } = await openPlanner(t, backend, { tenants: 0 })
    const registered = 20_000
    await asFleet(store, async ({ db, at }) => {
      await sql`
        insert into tenantry.tenants (id, display_name, state, created_at, updated_at)
        select gen_random_uuid(), 'Tenant', 'active', ${at}, ${at} from generate_series(1, ${registered}::int)`.execute(
        db,
      )
      await sql`
        insert into tenantry.job_schedules (tenant_id, job, due_at)
        select id, 'sync-tenant', ${at} + (random() - 0.02) * interval '1 hour' from tenantry.tenants`.execute(db)
    })
    await sql`analyze tenantry.job_schedules`.execute(store.kysely)
    await asFleet(store, ({ db, at }) =>
      sql`update tenantry.job_schedules set due_at = ${at} - interval '1 hour'`.execute(db),
    )
    const explained: unknown[] = []
    const jobs = [{ job: 'sync-tenant', schedule: 'x', ...turnsAround({ everyMinutes: 60 }, clock.now()) }]
    await asFleet(store, (handle) => takeJobsDue(explaining(handle, explained), { jobs, limit: 100 }))
    const read = rowsRead(explained, 'job_schedules')
    assert.ok(read <= 3 * 100 + 10, `${read} of ${registered} schedules are looked at for 100`)
  })

  test('the queue takes the jobs, and the times move on, in one transaction', async (t) => {
    const { store, plan, planned, times, turnOfAll } = await openPlanner(t, backend, { tenants: 2 })
    const hourly = aJob('hourly', { everyMinutes: 60 })
    await plan(hourly)
    await turnOfAll()
    const before = await times()
    await sql`revoke insert on all tables in schema pgboss from tenantry_fleet`.execute(store.kysely)
    await assert.rejects(plan(hourly), /permission denied/)
    assert.deepEqual(await times(), before)
    await sql`grant insert on all tables in schema pgboss to tenantry_fleet`.execute(store.kysely)
    await plan(hourly)
    assert.equal((await planned()).length, 2)
  })

  test('two planners at the same moment plan each turn once', async (t) => {
    const { plan, planned, turnOfAll } = await openPlanner(t, backend, { tenants: 40 })
    const hourly = aJob('hourly', { everyMinutes: 60 })
    await plan(hourly)
    await turnOfAll()
    await Promise.all([plan(hourly), plan(hourly), plan(hourly)])
    assert.equal((await planned()).length, 40)
  })
})
