import { sql } from 'kysely'
import { Problem } from '#model/problem.ts'
import type { Store } from '#store/database/open.ts'

/**
 * Whether PostgreSQL keeps tenants apart for whoever is logged in.
 * @throws Problem CONFIGURATION_INVALID for a superuser and for who may bypass row-level security
 */
export async function assertConfined({ kysely }: Pick<Store, 'kysely'>): Promise<void> {
  const { rows } = await sql<{ name: string; superuser: boolean; bypasses: boolean }>`
    select rolname as name, rolsuper as superuser, rolbypassrls as bypasses from pg_catalog.pg_roles
    where rolname = session_user`.execute(kysely)
  const [user] = rows
  if (!user?.superuser && !user?.bypasses) return
  throw new Problem({
    code: 'CONFIGURATION_INVALID',
    owner: 'operator',
    message: `The database’s user ${user.name} ${user.superuser ? 'is a superuser' : 'has BYPASSRLS'}: row-level security, which keeps tenants apart, is not in force for it.`,
    nextStep:
      'Name a user of its own in TENANTRY_DATABASE_URL (`create role … login createrole`) and make it the owner of the database and of what is in it; or take the right away: `alter role … nosuperuser nobypassrls`.',
    retry: 'never',
    confidence: 'certain',
  })
}
