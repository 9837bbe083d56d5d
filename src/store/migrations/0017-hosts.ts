import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  // The machines on which an incident goes on, and when each was last heard of.
  `alter table tenantry.incidents add column hosts jsonb not null default '{}'`,
]

export const hosts: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
