import { sql } from 'kysely'
import type { Store } from '#store/database/open.ts'
import { CURRENT_TENANT, IS_FLEET } from '#store/migrations/tenant-rows.ts'

/**
 * Lets both roles put rows into the queue, so that a job is saved in the transaction of the fact it follows from: the fleet
 * for everybody, a tenant for itself, and neither reads more of a job than the id of what it has added. The queue’s own
 * connections are the owner’s, whom this does not bind. Safe to repeat; what earlier releases gave is taken back.
 * @param input.jobTable where pg-boss keeps jobs: rows are put straight into it
 */
export const useBySql = (
  { kysely }: Store,
  { schema, jobTable }: { schema: string; jobTable: string },
): Promise<void> =>
  kysely.transaction().execute(async (db) => {
    await sql`select pg_advisory_xact_lock(hashtext('tenantry.migrate'))`.execute(db)
    const { rows } = await sql<{ guarded: boolean }>`
      select relrowsecurity as guarded from pg_catalog.pg_class where oid = ${`${schema}.${jobTable}`}::regclass`.execute(
      db,
    )
    const ofTenant = `data->>'tenantId' = ${CURRENT_TENANT}::text
      and (singleton_key = data->>'tenantId' or starts_with(singleton_key, (data->>'tenantId') || '/'))`
    const jobs = `${schema}.${jobTable}`
    const statements = [
      `revoke all on all tables in schema ${schema} from tenantry_tenant, tenantry_fleet`,
      `grant usage on schema ${schema} to tenantry_tenant, tenantry_fleet`,
      `grant select on ${schema}.queue to tenantry_tenant, tenantry_fleet`,
      `grant insert, select (id) on ${jobs} to tenantry_tenant, tenantry_fleet`,
      `drop policy if exists one_tenant on ${jobs}`,
      `drop policy if exists fleet on ${jobs}`,
      `create policy one_tenant on ${jobs} to tenantry_tenant using (${ofTenant}) with check (${ofTenant})`,
      `create policy fleet on ${jobs} to tenantry_fleet using (${IS_FLEET}) with check (${IS_FLEET})`,
      ...(rows[0]?.guarded ? [] : [`alter table ${jobs} enable row level security`]),
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  })
