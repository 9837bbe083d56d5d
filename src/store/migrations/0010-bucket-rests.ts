import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Until when Graph would refuse whatever is asked, whoever asks. */
export const bucketRests: Migration = {
  async up(db) {
    await sql.raw('alter table tenantry.buckets add column rests_until timestamptz').execute(db)
  },
}
