import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { tenantRows } from '#store/migrations/tenant-rows.ts'

const statements = [
  // A generation is one full reading of a kind of object: what the newest one has not seen is gone.
  'alter table tenantry.resources rename column run_id to generation',
  `create table tenantry.group_members (
    tenant_id uuid not null,
    group_id uuid not null,
    member_id uuid not null,
    member_type text not null,
    generation uuid not null,
    primary key (tenant_id, group_id, member_id)
  )`,
  'create index on tenantry.group_members (tenant_id, member_id)',
  `create table tenantry.sync_cursors (
    tenant_id uuid not null,
    kind text not null,
    generation uuid not null,
    next_link text,
    delta_link text,
    delta_at timestamptz,
    removed_in_round integer not null default 0,
    removals_allowed boolean not null default false,
    finished_in_run uuid,
    updated_at timestamptz not null,
    primary key (tenant_id, kind)
  )`,
  // What all workers together may still ask of Graph. Nothing in it is a customer's.
  'create unlogged table tenantry.buckets (key text primary key, tokens double precision not null, at timestamptz not null)',
  ...tenantRows('group_members', 'select, insert, update, delete'),
  ...tenantRows('sync_cursors', 'select, insert, update, delete'),
]

export const delta: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
