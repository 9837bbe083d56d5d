import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { fleetRows, tenantRows } from '#store/migrations/tenant-rows.ts'

const statements = [
  // When each job is due in each tenant that the daemon works for.
  `create table tenantry.job_schedules (
    tenant_id uuid not null,
    job text not null,
    due_at timestamptz not null,
    primary key (tenant_id, job)
  )`,
  // What planning looks at: the longest due first.
  'create index job_schedules_due on tenantry.job_schedules (due_at)',
  // The jobs and schedules that the rows above were made for, so that a change of the configuration is noticed.
  'create table tenantry.planned_jobs (job text primary key, schedule text not null)',
  `create table tenantry.job_checkpoints (
    tenant_id uuid not null,
    job text not null,
    value jsonb not null,
    updated_at timestamptz not null,
    primary key (tenant_id, job)
  )`,
  `alter table tenantry.sync_runs add column job text not null default 'sync-tenant'`,
  'alter table tenantry.sync_runs add column progress text',
  'create index on tenantry.sync_runs (tenant_id, job, started_at desc)',
  `create index sync_runs_unfinished on tenantry.sync_runs (tenant_id, job) where state in ('running', 'waiting')`,
  ...tenantRows('job_schedules', 'select, insert, update, delete'),
  ...fleetRows('job_schedules', 'select, insert, update, delete'),
  ...tenantRows('job_checkpoints', 'select, insert, update, delete'),
  'grant select, insert, update, delete on tenantry.planned_jobs to tenantry_fleet',
  'grant select on tenantry.planned_jobs to tenantry_tenant',
  'grant select on tenantry.buckets to tenantry_fleet',
]

export const jobs: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
