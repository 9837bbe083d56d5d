import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { countResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'

test('a giant tenant goes on behind those that wait, and before who comes later', async () => {
  let fleet: Fleet | null = null
  const pages = () => fleet?.emulator.requests.list({ path: '/users/delta' }).length ?? 0
  const clock: Clock = {
    ...systemClock,
    // Each page takes longer than anybody may have a place for.
    now: () => new Date(Date.now() + pages() * 21_000),
  }
  await using opened = await openFleet({ tenants: 3, users: 2_500, groups: 0, clock })
  fleet = opened
  const { tools, tenantIds } = opened
  const [giant, early, late] = tenantIds as [TenantId, TenantId, TenantId]
  const comes = (tenantId: TenantId) =>
    asFleet(tools.store, (sql) => enqueue(tools.jobs, sql, 'sync-tenant', { tenantId }))
  const next = async () => {
    const [job] = await tools.jobs.boss.fetch<{ tenantId: TenantId }>('sync-tenant')
    if (job) await tools.jobs.boss.complete('sync-tenant', job.id)
    return job?.data.tenantId ?? null
  }
  const read = () => syncTenant(tools, { tenantId: giant, signal: new AbortController().signal })
  const run = () => asTenant(tools.store, giant, latestRun)

  await comes(early)
  await read()
  assert.equal((await run())?.state, 'waiting')
  await comes(late)
  assert.deepEqual([await next(), await next(), await next(), await next()], [early, giant, late, null])

  for (let slices = 1; (await run())?.state === 'waiting'; slices += 1) {
    assert.ok(slices < 10, 'it comes to an end')
    await read()
    await next()
  }
  assert.equal((await run())?.state, 'succeeded')
  assert.equal((await asTenant(tools.store, giant, countResources)).user, 2_500)
  assert.equal(pages(), 3, 'no page was asked for twice')
})
