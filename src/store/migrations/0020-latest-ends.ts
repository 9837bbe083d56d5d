import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { fleetRows, tenantRows } from '#store/migrations/tenant-rows.ts'

const statements = [
  // How the latest run of each job in each tenant ended, and when it last went well. Looked up among the runs themselves, a
  // tenant that has failed for a month costs a month’s runs at each look.
  `create table tenantry.latest_ends (
    tenant_id uuid not null,
    job text not null,
    state text not null,
    diagnosis jsonb,
    ended_at timestamptz not null,
    succeeded_at timestamptz,
    primary key (tenant_id, job)
  ) with (fillfactor = 70)`,
  ...tenantRows('latest_ends', 'select, insert, update'),
  ...fleetRows('latest_ends', 'select, insert, update'),
  // Row-level security binds whoever migrates, too, so the fleet does it.
  'set local role tenantry_fleet',
  `insert into tenantry.latest_ends (tenant_id, job, state, diagnosis, ended_at, succeeded_at)
    select t.id, known.job, latest.state, latest.diagnosis, latest.finished_at, (
      select finished_at from tenantry.sync_runs
      where tenant_id = t.id and job = known.job and state = 'succeeded' order by started_at desc limit 1)
    from tenantry.tenants t cross join (select 'sync-tenant' as job union select job from tenantry.planned_jobs) known
    cross join lateral (
      select state, diagnosis, finished_at from tenantry.sync_runs
      where tenant_id = t.id and job = known.job and state in ('succeeded', 'failed') and finished_at is not null
      order by started_at desc limit 1) latest`,
  'reset role',
  // Why runs failed is asked by their beginnings, and few of them fail.
  `create index sync_runs_failed on tenantry.sync_runs (started_at desc) where state = 'failed'`,
]

export const latestEnds: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
