import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Until when a tenant's directory is not asked for again, after what waiting does not mend soon. */
export const rests: Migration = {
  async up(db) {
    await sql.raw('alter table tenantry.tenants add column rest_until timestamptz').execute(db)
  },
}
