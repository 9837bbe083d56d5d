import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

// What people did is found at once, however many sign-ups of strangers were refused after it.
const statements = [
  `create index audit_without_refusals on tenantry.audit (id desc)
    where not (action = 'sign-up.rejected' and tenant_id is null)`,
]

export const withoutRefusals: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
