import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { CURRENT_TENANT, IS_FLEET, NAMED_TENANTS } from '#store/migrations/tenant-rows.ts'

const OF_A_TENANT = [
  'sign_ups',
  'grants',
  'resources',
  'group_members',
  'sync_cursors',
  'sync_runs',
  'job_schedules',
  'job_checkpoints',
  'audit',
  'incidents',
]
const OF_THE_FLEET = ['tenants', 'sign_ups', 'grants', 'sync_runs', 'job_schedules', 'audit', 'incidents']

const change = (policy: string, table: string, condition: string): string =>
  `alter policy ${policy} on tenantry.${table} using (${condition}) with check (${condition})`

/**
 * A policy is for its role and for all its members, and the login is a member of both: with the rights of a role that it
 * had not taken it saw what the role sees. Now only who has taken it does.
 */
export const exactRoles: Migration = {
  async up(db) {
    const statements = [
      change('one_tenant', 'tenants', `id = ${CURRENT_TENANT}`),
      ...OF_A_TENANT.map((table) => change('one_tenant', table, `tenant_id = ${CURRENT_TENANT}`)),
      ...OF_THE_FLEET.map((table) => change('fleet', table, IS_FLEET)),
      change('named_tenants', 'sync_cursors', `tenant_id = any(${NAMED_TENANTS})`),
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
