import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NAMED_TENANTS } from '#store/migrations/tenant-rows.ts'

const statements = [
  // So that the beginning of a run need not count again.
  'alter table tenantry.sync_cursors add column counted integer',
  // Runs of many tenants begin and end in one transaction of the fleet. It sees where to go on in the tenants that it names
  // and in no other, and moves it; what was read there stays out of its reach.
  'grant insert on tenantry.sync_runs to tenantry_fleet',
  'grant select on tenantry.sync_cursors to tenantry_fleet',
  `grant update (delta_link, delta_at, removed_in_round, removals_allowed, finished_in_run, updated_at)
    on tenantry.sync_cursors to tenantry_fleet`,
  `create policy named_tenants on tenantry.sync_cursors to tenantry_fleet
    using (tenant_id = any(${NAMED_TENANTS})) with check (tenant_id = any(${NAMED_TENANTS}))`,
]

export const rounds: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
