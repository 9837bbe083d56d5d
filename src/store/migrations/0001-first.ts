import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { tenantRows } from '#store/migrations/tenant-rows.ts'

/**
 * Two roles that nobody logs in as: each unit of work takes one of them with SET LOCAL ROLE. Neither can bypass row-level
 * security, and FORCE binds the tables' owner too. Roles belong to the whole server, so another database of it may have
 * made them already, or be making them at this moment: no lock reaches across databases, hence the second tries.
 */
const roles = ['tenantry_tenant', 'tenantry_fleet'].map(
  (role) => `
  do $$ begin
    if not exists (select from pg_roles where rolname = '${role}') then
      create role ${role} nologin noinherit nobypassrls;
    end if;
  exception when duplicate_object or unique_violation then null;
  end $$;
  do $$ begin
    for try in 1..20 loop
      begin
        if not pg_has_role(current_user, '${role}', 'member') then
          execute format('grant ${role} to %I', current_user);
        end if;
        return;
      exception when unique_violation or internal_error then
        if try = 20 then raise; end if;
        perform pg_sleep(0.05);
      end;
    end loop;
  end $$`,
)

const tables = [
  `create table tenantry.tenants (
    id uuid primary key,
    display_name text not null,
    default_domain text,
    service_principal_id uuid,
    state text not null,
    diagnosis jsonb,
    connected_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_tried_at timestamptz
  )`,
  `create index on tenantry.tenants (state, last_tried_at nulls first)`,
  `create table tenantry.sign_ups (
    id uuid primary key,
    state_hash text not null unique,
    taken_at timestamptz,
    state text not null,
    invited_tenant_id uuid,
    tenant_id uuid,
    administrator_id uuid,
    progress jsonb not null default '[]',
    diagnosis jsonb,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index on tenantry.sign_ups (expires_at)`,
  `create table tenantry.grants (
    tenant_id uuid not null,
    permission text not null,
    status text not null,
    seen_at timestamptz not null,
    primary key (tenant_id, permission)
  )`,
  `create table tenantry.resources (
    tenant_id uuid not null,
    kind text collate "C" not null,
    id uuid not null,
    display_name text,
    properties jsonb not null,
    run_id uuid not null,
    arrived_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, kind, id)
  )`,
  `create table tenantry.sync_runs (
    tenant_id uuid not null,
    id uuid not null,
    state text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    pages integer not null default 0,
    users integer not null default 0,
    groups integer not null default 0,
    removed integer not null default 0,
    diagnosis jsonb,
    primary key (tenant_id, id)
  )`,
  `create index on tenantry.sync_runs (started_at desc)`,
  `create index on tenantry.sync_runs (tenant_id, started_at desc)`,
  `create table tenantry.audit (
    id bigint generated always as identity primary key,
    tenant_id uuid,
    at timestamptz not null,
    actor text not null,
    action text not null,
    from_state text,
    to_state text,
    detail jsonb not null default '{}'
  )`,
  `create index on tenantry.audit (tenant_id, id desc)`,
]

/** What each role may do with each table; the tenant role only ever with its own tenant's rows. */
const access = [
  { table: 'tenants', column: 'id', tenant: 'select, insert, update', fleet: 'select, insert, update' },
  { table: 'sign_ups', column: 'tenant_id', tenant: 'select, update', fleet: 'select, insert, update, delete' },
  { table: 'grants', column: 'tenant_id', tenant: 'select, insert, update, delete', fleet: 'select' },
  { table: 'resources', column: 'tenant_id', tenant: 'select, insert, update, delete', fleet: null },
  { table: 'sync_runs', column: 'tenant_id', tenant: 'select, insert, update', fleet: 'select, update' },
  { table: 'audit', column: 'tenant_id', tenant: 'select, insert', fleet: 'select, insert' },
].flatMap(({ table, column, tenant, fleet }) => [
  ...tenantRows(table, tenant, column),
  ...(fleet
    ? [
        `grant ${fleet} on tenantry.${table} to tenantry_fleet`,
        `create policy fleet on tenantry.${table} to tenantry_fleet using (true) with check (true)`,
      ]
    : []),
])

export const first: Migration = {
  async up(db) {
    const statements = [
      ...roles,
      ...tables,
      'grant usage on schema tenantry to tenantry_tenant, tenantry_fleet',
      ...access,
    ]
    for (const statement of statements) for (const one of split(statement)) await sql.raw(one).execute(db)
  },
}

/** PGlite takes one statement at a time. */
const split = (statement: string): string[] => statement.split(/;\s*\n\s*(?=do \$\$)/)
