import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { fleetRows, tenantRows } from '#store/migrations/tenant-rows.ts'

const statements = [
  `create table tenantry.incidents (
    id uuid primary key,
    tenant_id uuid,
    code text not null,
    diagnosis jsonb not null,
    holds boolean not null,
    times integer not null default 1,
    opened_at timestamptz not null,
    last_at timestamptz not null,
    alerted_at timestamptz,
    closed_at timestamptz,
    closed_by text
  )`,
  // The same thing in the same tenant is one incident until it is closed.
  `create unique index incidents_open on tenantry.incidents
    (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), code) where closed_at is null`,
  'create index on tenantry.incidents (opened_at desc)',
  ...tenantRows('incidents', 'select'),
  ...fleetRows('incidents', 'select, insert, update'),
]

export const incidents: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
