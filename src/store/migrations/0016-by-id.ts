import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

// An id is decisive after the tenant; with the kind between them each comparison of the key took twice as long, and people
// are most of what is stored. What is looked for by its kind is everything else.
const statements = [
  'alter table tenantry.resources drop constraint resources_pkey',
  'alter table tenantry.resources add primary key (tenant_id, id, kind)',
  `create index resources_but_people on tenantry.resources (tenant_id, kind, id) where kind <> 'user'`,
]

export const byId: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
