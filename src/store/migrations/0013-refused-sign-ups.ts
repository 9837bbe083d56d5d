import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Anybody can be refused, as often as he likes, so such a line is not kept for good. Nothing else of the audit can be
 * removed, and nothing sooner, whoever asks: a restrictive policy counts beside every other.
 * @see https://www.postgresql.org/docs/current/sql-createpolicy.html
 */
const statements = [
  'grant delete on tenantry.audit to tenantry_fleet',
  `create policy refused_sign_ups on tenantry.audit as restrictive for delete to tenantry_fleet
    using (tenant_id is null and action = 'sign-up.rejected' and at < now() - interval '30 days')`,
  `create index audit_refused_sign_ups on tenantry.audit (at) where action = 'sign-up.rejected'`,
]

export const refusedSignUps: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
