import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import type { Config } from '#config.ts'
import { tasks } from '#daemon/tasks.ts'
import { tidy } from '#flows/fleet/tidy.ts'
import { endDeadRuns } from '#flows/runs/end-dead-runs.ts'
import { claimJob } from '#jobs/claim-job.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { addAudit, listAudit } from '#store/audit.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { countResources } from '#store/resources.ts'
import { finishRun, interruptRuns, latestRun, letRunWait, listRuns, listUnended, startRun } from '#store/sync-runs.ts'
import { listTenants, moveTenant } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { DAY, HOUR, handClock } from '#test/support/hand-clock.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { aResource, aTenant, madeUp } from '#test/support/made-up.ts'
import { freshQueue } from '#test/support/open-queue.ts'
import { refusedWith } from '#test/support/problem.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

const withReport = { app: { jobs: [{ name: 'report' }] } } as unknown as Config

forEachBackend((backend) => {
  test('R01 a run whose process died is ended within a minute; one that somebody is at, or goes on with later, is not', async (t) => {
    const clock = handClock()
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const [dead, giant, waits] = [await aTenant(store), await aTenant(store), await aTenant(store)]
    const begin = (tenantId: TenantId, job: string) =>
      asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId(), job }))
    for (const tenantId of [dead, giant]) for (const job of ['sync-tenant', 'report']) await begin(tenantId, job)
    const { id } = await begin(waits, 'sync-tenant')
    await asTenant(store, waits, (sql) => letRunWait(sql, id, { refused: null }))
    await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId: giant }))
    await jobs.boss.fetch('sync-tenant')
    await using claimed = await claimJob(jobs, 'run-job', { tenantId: giant, job: 'report' })
    assert.ok(claimed)
    await endDeadRuns({ store, jobs, config: withReport })
    const states = async (tenantId: TenantId) => [
      (await asTenant(store, tenantId, (sql) => latestRun(sql)))?.state,
      (await asTenant(store, tenantId, (sql) => latestRun(sql, 'report')))?.state,
    ]
    assert.deepEqual(await states(dead), ['interrupted', 'interrupted'])
    assert.deepEqual(await states(giant), ['running', 'running'])
    assert.deepEqual(await states(waits), ['waiting', undefined])
  })

  test('a run that waits is ended where nobody will go on with it: its job is gone, or its tenant is left alone', async (t) => {
    const { store, jobs } = await freshQueue(t, backend)
    const letWait = async (tenantId: TenantId, job: string) => {
      const { id } = await asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId(), job }))
      await asTenant(store, tenantId, (sql) => letRunWait(sql, id, { refused: null }))
      return tenantId
    }
    const put = (tenantId: TenantId, job: string) =>
      asFleet(store, (sql) => enqueue(jobs, sql, 'run-job', { tenantId, job }, { inMilliseconds: HOUR }))
    const gone = await letWait(await aTenant(store), 'renamed')
    const goneButQueued = await letWait(await aTenant(store), 'renamed')
    await put(goneButQueued, 'renamed')
    const declared = await letWait(await aTenant(store), 'report')
    const revoked = await letWait(await letWait(await aTenant(store), 'report'), 'sync-tenant')
    await asFleet(store, (sql) =>
      moveTenant(sql, { id: revoked, to: 'revoked', actor: 'daemon', reason: 'It has left.', diagnosis: null }),
    )
    await endDeadRuns({ store, jobs, config: withReport })
    const states = async (tenantId: TenantId) =>
      (await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 9 }))).map(({ state }) => state)
    assert.deepEqual(await states(gone), ['interrupted'])
    assert.deepEqual(await states(goneButQueued), ['waiting'], 'who takes it finds out')
    assert.deepEqual(await states(declared), ['waiting'], 'its next turn goes on with it')
    assert.deepEqual(await states(revoked), ['interrupted', 'interrupted'])
  })

  test('R02 a run that was gone on with since it was looked at is nobody’s who died', async (t) => {
    const { store } = await freshQueue(t, backend)
    const [left, resumed] = [await aTenant(store), await aTenant(store)]
    const begin = (tenantId: TenantId) => asTenant(store, tenantId, (sql) => startRun(sql, { id: madeUp.runId() }))
    await begin(left)
    const { id } = await begin(resumed)
    const running = await asFleet(store, (sql) => listUnended(sql, { jobs: [] }))
    await asTenant(store, resumed, (sql) => letRunWait(sql, id, { refused: null }))
    assert.deepEqual(await begin(resumed), { id, resumed: true })
    await asFleet(store, (sql) => interruptRuns(sql, running))
    const stateOf = async (tenantId: TenantId) => (await asTenant(store, tenantId, (sql) => latestRun(sql)))?.state
    assert.deepEqual([await stateOf(left), await stateOf(resumed)], ['interrupted', 'running'])
  })

  test('A06 a sign-up that was refused is told of for a month, whoever tried; what concerns a tenant for good', async (t) => {
    const clock = handClock()
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const tenantId = await aTenant(store)
    const known = (await asFleet(store, (sql) => listAudit(sql, { limit: 99 }))).length
    const refuse = (code: string) =>
      asFleet(store, (sql) =>
        addAudit(sql, { tenantId: null, actor: 'somebody', action: 'sign-up.rejected', detail: { code } }),
      )
    clock.pass(-40 * DAY)
    await refuse('OLD')
    await asTenant(store, tenantId, (sql) => addAudit(sql, { tenantId, actor: 'daemon', action: 'tenant.connected' }))
    await asFleet(store, (sql) => addAudit(sql, { tenantId: null, actor: 'operator:x', action: 'console.refused' }))
    clock.pass(15 * DAY)
    await refuse('RECENT')
    clock.pass(25 * DAY)
    await tidy({ store, jobs, config: { syncEveryMinutes: 60, app: {} } as unknown as Config })
    const kept = await asFleet(store, (sql) => listAudit(sql, { limit: 99 }))
    assert.deepEqual(
      kept.slice(0, kept.length - known).map(({ action, detail }) => [action, detail.code]),
      [
        ['sign-up.rejected', 'RECENT'],
        ['console.refused', undefined],
        ['tenant.connected', undefined],
      ],
    )
  })

  test('R01 an end that cannot be gone through with stops no other, and is told of', async (t) => {
    const clock = handClock()
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const ending = [...Array(3)].map(() => aTenant(store, { state: 'offboarding' }))
    const [first, stuck, last] = (await Promise.all(ending)) as [TenantId, TenantId, TenantId]
    for (const tenantId of [first, stuck, last])
      await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), [aResource('user', 'Ada')]))
    const fault = `create function tenantry.refuse() returns trigger language plpgsql as
      $$ begin if old.tenant_id = '${stuck}' then raise 'the disk is broken'; end if; return old; end $$`
    for (const statement of [
      fault,
      'create trigger broken before delete on tenantry.resources for each row execute function tenantry.refuse()',
    ])
      await raw.raw(statement).execute(store.kysely)
    await assert.rejects(
      tidy({ store, jobs, config: { syncEveryMinutes: 60, app: {} } as unknown as Config }),
      /the disk is broken/,
    )
    const states = await asFleet(store, (sql) => listTenants(sql, {}))
    assert.deepEqual(
      [first, stuck, last].map((tenantId) => states.find(({ id }) => id === tenantId)?.state),
      ['offboarded', 'offboarding', 'offboarded'],
    )
  })

  test('R01 a directory that is too large to go at once goes whole', async (t) => {
    const clock = handClock()
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const tenantId = await aTenant(store, { state: 'offboarding' })
    await asTenant(store, tenantId, ({ db }) =>
      raw`
        insert into tenantry.resources (tenant_id, kind, id, properties, generation, arrived_at, updated_at)
        select ${tenantId}::uuid, 'user', gen_random_uuid(), '{}', gen_random_uuid(), now(), now()
        from generate_series(1, 40001)`.execute(db),
    )
    await tidy({ store, jobs, config: { syncEveryMinutes: 60, app: {} } as unknown as Config })
    assert.equal((await asTenant(store, tenantId, countResources)).user, 0)
    assert.equal((await asFleet(store, (sql) => listTenants(sql, {})))[0]?.state, 'offboarded')
  })

  test('runs are told of for a month; the latest of each tenant and job stays, and the latest that went well', async (t) => {
    const clock = handClock()
    const { store, jobs } = await freshQueue(t, backend, { clock })
    const [busy, gone] = [await aTenant(store), await aTenant(store)]
    const run = (tenantId: TenantId, job: string, state: 'succeeded' | 'failed') =>
      asTenant(store, tenantId, async (sql) => {
        const { id } = await startRun(sql, { id: madeUp.runId(), job })
        await finishRun(sql, id, { state, diagnosis: null })
      })
    const inTurn = async (tenantId: TenantId, job: string, states: readonly ('succeeded' | 'failed')[]) => {
      for (const state of states) {
        await run(tenantId, job, state)
        clock.pass(HOUR)
      }
    }
    clock.pass(-60 * DAY)
    await inTurn(busy, 'sync-tenant', ['succeeded', 'succeeded', 'failed'])
    await inTurn(busy, 'report', ['succeeded'])
    await inTurn(gone, 'sync-tenant', ['succeeded', 'succeeded', 'failed', 'failed'])
    clock.pass(50 * DAY)
    await inTurn(busy, 'sync-tenant', ['succeeded', 'failed'])
    clock.pass(9 * DAY)
    await tidy({ store, jobs, config: { syncEveryMinutes: 60, app: {} } as unknown as Config })
    const kept = async (tenantId: TenantId) =>
      (await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 99 }))).map(({ job, state }) => [job, state])
    assert.deepEqual(await kept(busy), [
      ['sync-tenant', 'failed'],
      ['sync-tenant', 'succeeded'],
      ['report', 'succeeded'],
    ])
    assert.deepEqual(await kept(gone), [
      ['sync-tenant', 'failed'],
      ['sync-tenant', 'succeeded'],
    ])
  })
})

test('R08 what time has settled is cleared away though Microsoft tells nothing of the credential, and the failure is told of', async () => {
  await using fleet = await openFleet({ tenants: 1, users: 1, groups: 0 })
  const { tools, emulator } = fleet
  const [tenantId] = fleet.tenantIds as [TenantId]
  await asFleet(tools.store, (sql) =>
    moveTenant(sql, { id: tenantId, to: 'offboarding', actor: 'test', reason: 'test', diagnosis: null }),
  )
  emulator.mischief.add({ at: 'token', aadsts: 53_003 })
  await refusedWith('CONDITIONAL_ACCESS', () => tasks(tools).tidy({}, aJobContext('tidy')))
  assert.equal((await asFleet(tools.store, (sql) => listTenants(sql, {})))[0]?.state, 'offboarded')
})
