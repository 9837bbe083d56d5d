import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Twenty thousand tenants that are read every hour leave half a million runs a day. */
export const oldRuns: Migration = {
  async up(db) {
    await sql`grant delete on tenantry.sync_runs to tenantry_fleet`.execute(db)
  },
}
