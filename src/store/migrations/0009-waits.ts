import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  // How often Graph has put the run off since it last got on, and when that was; null: not since it began.
  'alter table tenantry.sync_runs add column waits integer not null default 0',
  'alter table tenantry.sync_runs add column got_on_at timestamptz',
]

export const waits: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
