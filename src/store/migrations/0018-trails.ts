import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  // How many pages a round has read, and one link that it has come past: a round that comes past it again goes in a circle.
  `alter table tenantry.sync_cursors
    add column round_pages integer not null default 0,
    add column milestone text`,
]

export const trails: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
