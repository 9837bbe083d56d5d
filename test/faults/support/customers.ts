import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { DEMO } from '#emulator/index.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { openJobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import { migrate } from '#store/database/migrate.ts'
import { asFleet, openStore } from '#store/database/open.ts'
import { silentLog } from '#test/support/backends.ts'
import type { Customer, Deployment } from '#test/support/deployment.ts'
import { aTenant } from '#test/support/made-up.ts'
import { withClient } from '#test/support/postgres.ts'

export const USERS = 9

const idOf = (index: number) => `80000000-0000-4000-8000-${String(index).padStart(12, '0')}`

/** Small customers, for a deployment. */
export const customersOf = (count: number): Customer[] =>
  Array.from({ length: count }, (_, index) => ({
    id: idOf(index),
    name: `Customer ${index}`,
    domain: `c${index}.example`,
    users: USERS,
  }))

/** As if each had signed up; nobody is due to be read. */
export async function connectCustomers(
  { emulator }: Deployment,
  { databaseUrl, adminUrl, customers }: { databaseUrl: string; adminUrl: string; customers: readonly Customer[] },
): Promise<void> {
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  await migrate(store)
  await using _jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
  for (const { id: tenant, name } of customers) {
    await emulator.directory.addServicePrincipal({ tenant, app: DEMO.appId })
    for (const permission of ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'])
      await emulator.directory.grantPermission({ tenant, app: DEMO.appId, permission })
    await aTenant(store, { id: tenant as TenantId, displayName: name })
  }
  // Nobody’s turn comes while it is looked at them.
  await withClient(adminUrl, async (client) => {
    await client.query(`insert into tenantry.planned_jobs (job, schedule) values ('sync-tenant', 'every 60 minutes')`)
    await client.query(`
      insert into tenantry.job_schedules (tenant_id, job, due_at)
      select id, 'sync-tenant', now() + interval '1 hour' from tenantry.tenants`)
  })
}

export async function askForReading(databaseUrl: string, tenantIds: readonly string[]): Promise<void> {
  await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  await using jobs = await openJobs({ store, log: silentLog, work: false, migrate: false })
  for (const tenantId of tenantIds as TenantId[])
    assert.equal(await asFleet(store, (sql) => enqueue(jobs, sql, 'sync-tenant', { tenantId })), true)
}

/** A job that waits for its next try has waited long enough. */
export const letRetriesBeDue = (adminUrl: string) =>
  withClient(adminUrl, (client) => client.query(`update pgboss.job set start_after = now() where state = 'retry'`))

/** Every user of the tenant once, nothing left half done, nothing given up. */
export const isRead = (adminUrl: string, tenantId: string): Promise<boolean> =>
  withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ users: number; read: number; open: number; waiting: number; dead: number }>(
      `select
        (select count(*)::int from tenantry.resources where tenant_id = $1 and kind = 'user') as users,
        (select coalesce(sum((counts->>'user')::int), 0)::int from tenantry.sync_runs where tenant_id = $1) as read,
        (select count(*)::int from tenantry.sync_runs where tenant_id = $1 and state in ('running', 'waiting')) as open,
        (select count(*)::int from pgboss.job where data ->> 'tenantId' = $2 and state in ('created', 'retry', 'active')) as waiting,
        (select count(*)::int from pgboss.job where name = 'dead-letter') as dead`,
      [tenantId, tenantId],
    )
    const [found] = rows
    assert.equal(found?.dead, 0)
    if (found.waiting > 0 || found.open > 0) return false
    assert.deepEqual([found.users, found.read], [USERS, USERS])
    return true
  })
