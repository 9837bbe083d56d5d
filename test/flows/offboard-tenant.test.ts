import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { finishOffboarding, offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { loadCheckpoint, saveCheckpoint } from '#store/job-checkpoints.ts'
import { openFleet } from '#test/support/fleet.ts'
import { jobsIn } from '#test/support/open-queue.ts'

const PEOPLE = 5
const fleet = await openFleet({ tenants: 2, users: PEOPLE, groups: 1 })
after(() => fleet[Symbol.asyncDispose]())
const { tools } = fleet
const [ended, back] = fleet.tenantIds as [TenantId, TenantId]
const end = { actor: 'operator:test', reason: 'It is over.' }

/** Read, with a note of a job’s own, and with its next reading in the queue. */
async function inUse(tenantId: TenantId): Promise<void> {
  await syncTenant(tools, { tenantId, signal: new AbortController().signal })
  await asTenant(tools.store, tenantId, (sql) => saveCheckpoint(sql, 'report', { page: 3 }))
  await asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId }))
}
/** What is left of it: its state, how many people are stored, the job’s note, what waits in the queue. */
async function left(tenantId: TenantId): Promise<unknown[]> {
  const { tenant, counts } = await showTenant(tools, tenantId)
  const note = await asTenant(tools.store, tenantId, (sql) => loadCheckpoint(sql, 'report'))
  const jobs = (await jobsIn(tools.jobs, 'sync-tenant')).filter(({ data }) => data.tenantId === tenantId)
  return [tenant.state, counts.user, note, jobs.map(({ state }) => state)]
}

test('what was read goes with a tenant that is ended, and so does what jobs have noted and what waits; its audit stays', async () => {
  await inUse(ended)
  await offboardTenant(tools, { tenantId: ended, ...end })
  assert.deepEqual(await left(ended), ['offboarded', 0, null, ['cancelled']])
  const { audit } = await showTenant(tools, ended)
  assert.deepEqual(audit[0]?.detail, { reason: end.reason })
})

test('R01 whoever comes late to finish an end takes nothing from a customer who has come back meanwhile', async () => {
  await inUse(back)
  await finishOffboarding(tools, { tenantId: back, ...end })
  assert.deepEqual(await left(back), ['active', PEOPLE, { page: 3 }, ['created']])
})
