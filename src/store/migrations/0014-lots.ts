import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NAMED_TENANTS } from '#store/migrations/tenant-rows.ts'

/**
 * The tenants that a unit of work over several of them names, read once and not for every row. Not for an index to look
 * for, which would go through all of them at every look: what is asked for names its tenants itself.
 */
const IS_NAMED = `(tenant_id = any(array(select unnest(${NAMED_TENANTS})))) is true`

/** What runs of many tenants in one lot take of the database, beside the rows themselves. */
const statements = [
  `alter policy named_tenants on tenantry.sync_cursors using (${IS_NAMED}) with check (${IS_NAMED})`,
  // A row of which no indexed column changes needs no new entry in any index, where its page has room for it.
  'drop index tenantry.tenants_state_last_tried_at_idx',
  'create index tenants_state on tenantry.tenants (state)',
  ...['tenants', 'sync_cursors', 'job_schedules', 'buckets'].map(
    (table) => `alter table tenantry.${table} set (fillfactor = 70)`,
  ),
  // A tenant's runs are found by their job as well.
  'drop index tenantry.sync_runs_tenant_id_started_at_idx',
]

export const lots: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
