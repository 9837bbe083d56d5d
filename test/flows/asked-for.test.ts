import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import type { Config } from '#config.ts'
import { putOff } from '#flows/queue/put-off.ts'
import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { allowRemoval } from '#flows/sync/allow-removal.ts'
import { syncNow } from '#flows/sync/sync-now.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { connectTenant } from '#flows/tenants/connect-tenant.ts'
import { resumeTenant } from '#flows/tenants/pause-tenant.ts'
import { verifyAccess } from '#flows/tenants/verify-access.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { listDeadLetters } from '#jobs/dead-letters.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { fetchJobs } from '#jobs/fetch-jobs.ts'
import type { Jobs } from '#jobs/open.ts'
import type { ProvenAdministrator } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet, type Store } from '#store/database/open.ts'
import { addSignUp, takeSignUp } from '#store/sign-ups.ts'
import { moveTenant } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { APP_OF_TESTS, openFleet } from '#test/support/fleet.ts'
import { aTenant, madeUp } from '#test/support/made-up.ts'
import { freshQueue } from '#test/support/open-queue.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'

const actor = 'operator:olivia'
const config = { app: APP_OF_TESTS } as unknown as Config
type Queue = { store: Store; jobs: Jobs; config: Config }

/** What people may ask for, of a tenant that is in the state for it. */
const WISHES: Record<string, (tools: Queue, tenantId: TenantId) => Promise<unknown>> = {
  'to read it now': (tools, tenantId) => syncNow(tools, { tenantId, actor }),
  'to let a large share go': (tools, tenantId) => allowRemoval(tools, { tenantId, actor, reason: 'They merged.' }),
  'to go on with it': async (tools, tenantId) => {
    await move(tools, tenantId, 'suspended')
    await resumeTenant(tools, { tenantId, actor, reason: 'Over.' })
  },
  'to try again what was given up': async (tools, tenantId) => {
    const [letter] = await listDeadLetters(tools.jobs, { tenantId })
    await retryDeadLetter(tools, { id: letter?.id ?? assert.fail(), actor })
  },
}
const move = ({ store }: Pick<Queue, 'store'>, id: TenantId, to: 'suspended' | 'degraded') =>
  asFleet(store, (handle) => moveTenant(handle, { id, to, actor, reason: 'test', diagnosis: null }))

async function giveUp({ store, jobs }: Queue, tenantId: TenantId): Promise<void> {
  await asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
  await sql`update pgboss.job set retry_limit = 0 where name = 'sync-tenant' and state = 'created'`.execute(
    store.kysely,
  )
  const [job] = await fetchJobs(jobs, 'sync-tenant', 1)
  await jobs.boss.fail('sync-tenant', job?.id ?? assert.fail(), { code: 'JOB_FAILED' })
}

forEachBackend((backend) => {
  test('what a person asks for begins at once where it waits for later, and nothing else does', async (t) => {
    const queue = await freshQueue(t, backend, { work: true })
    const tools = { ...queue, clock: systemClock, config }
    const other = await aTenant(tools.store)
    await putOff(tools, 'sync-tenant', { tenantId: other })
    for (const [wish, ask] of Object.entries(WISHES)) {
      const tenantId = await aTenant(tools.store)
      await giveUp(tools, tenantId)
      for (const name of ['sync-tenant', 'verify-tenant'] as const) await putOff(tools, name, { tenantId })
      assert.deepEqual(await fetchJobs(tools.jobs, 'sync-tenant', 9), [])
      let rung = false
      void tools.jobs.bell?.rung('sync-tenant', t.signal).then(() => {
        rung = true
      })
      await ask(tools, tenantId)
      await until(`the bell rings for whoever asks ${wish}`, () => rung)
      const begun = await fetchJobs(tools.jobs, 'sync-tenant', 9)
      assert.deepEqual(
        begun.map(({ singletonKey }) => singletonKey),
        [tenantId],
        wish,
      )
      assert.deepEqual(await fetchJobs(tools.jobs, 'verify-tenant', 9), [])
    }
  })

  test('what a person asks for is done also where the database fails before it is brought forward', async (t) => {
    const tools = { ...(await freshQueue(t, backend)), clock: systemClock }
    const tenantId = await aTenant(tools.store)
    await putOff(tools, 'sync-tenant', { tenantId })
    for (const statement of [
      `create function pgboss.refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$`,
      'create trigger refuse before update of start_after on pgboss.job for each row execute function pgboss.refuse()',
    ])
      await sql.raw(statement).execute(tools.store.kysely)
    await syncNow(tools, { tenantId, actor })
    const [line] = await asFleet(tools.store, (handle) => listAudit(handle, { limit: 1 }))
    assert.deepEqual([line?.action, line?.tenantId], ['tenant.sync-requested', tenantId])
  })

  test('what is refused to a person brings nothing forward', async (t) => {
    const tools = { ...(await freshQueue(t, backend)), clock: systemClock, config }
    const [tenantId, gone] = [await aTenant(tools.store), await aTenant(tools.store, { state: 'offboarded' })]
    for (const id of [tenantId, gone]) await putOff(tools, 'sync-tenant', { tenantId: id })
    await refusedWith('STATE_MOVE_REFUSED', () => resumeTenant(tools, { tenantId: gone, actor, reason: 'Come back.' }))
    await move(tools, tenantId, 'suspended')
    await refusedWith('STATE_MOVE_REFUSED', () => syncNow(tools, { tenantId, actor }))
    await allowRemoval(tools, { tenantId, actor, reason: 'Later.' })
    assert.deepEqual(await fetchJobs(tools.jobs, 'sync-tenant', 9), [])
  })
})

test('a tenant that is verified, or signs up again, is read at once where its reading waits for later', async () => {
  await using fleet = await openFleet({ tenants: 2, users: 1, groups: 0 })
  const { tools } = fleet
  const [verified, back] = fleet.tenantIds as [TenantId, TenantId]
  for (const tenantId of [verified, back]) {
    await move(tools, tenantId, 'degraded')
    await putOff(tools, 'sync-tenant', { tenantId })
  }
  const begun = async () => (await fetchJobs(tools.jobs, 'sync-tenant', 9)).map(({ singletonKey }) => singletonKey)
  await verifyTenant(tools, { tenantId: verified, actor })
  assert.deepEqual(await begun(), [verified])

  const id = madeUp.signUpId()
  await asFleet(tools.store, async (handle) => {
    await addSignUp(handle, { id, stateHash: 'a hash', invitedTenantId: null, validMinutes: 1 })
    await takeSignUp(handle, { stateHash: 'a hash' })
  })
  await connectTenant(tools, {
    signUpId: id,
    administrator: { tenantId: back, objectId: madeUp.objectId() } as ProvenAdministrator,
    displayName: 'Back',
    defaultDomain: null,
    access: await verifyAccess(tools, back),
  })
  assert.deepEqual(await begun(), [back])
})

test('G05 a person who asks for more than Graph gives waits like everybody else', async () => {
  await using fleet = await openFleet({ users: 1, groups: 0 })
  const { tools, emulator } = fleet
  const [tenantId] = fleet.tenantIds as [TenantId]
  emulator.mischief.once({ at: 'graph', answer: { status: 429, headers: { 'retry-after': '600' } } })
  const read = () => syncTenant(tools, { tenantId, signal: new AbortController().signal })
  const waits = async () => {
    const [job] = await tools.jobs.boss.findJobs('sync-tenant', { key: tenantId, queued: true })
    return (job?.startAfter.getTime() ?? 0) - Date.now()
  }
  await read()
  assert.ok((await waits()) > 500_000)
  await syncNow(tools, { tenantId, actor })
  assert.ok((await waits()) <= 0)
  const [job] = await fetchJobs(tools.jobs, 'sync-tenant', 1)
  await read()
  await tools.jobs.boss.complete('sync-tenant', job?.id ?? assert.fail())
  assert.ok((await waits()) > 500_000)
  assert.equal(emulator.requests.list({ tenantId, path: '/users' }).length, 1)
})
