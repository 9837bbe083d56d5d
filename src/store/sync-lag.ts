import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { Tries } from '#model/next-try.ts'
import type { ProblemCode } from '#model/problem.ts'
import { type TenantState, WORKING_STATES } from '#model/tenant.ts'
import type { FleetSql } from '#store/database/open.ts'

/** For how long the working tenants have not been read, in seconds; one that never was counts from its connection. */
export type SyncLag = {
  median: number
  p95: number
  longest: number
  neverRead: number
  /** Those that have waited longest, the longest first. */
  worst: readonly LaggingTenant[]
}

export type LaggingTenant = Tries & {
  id: TenantId
  displayName: string
  state: TenantState
  lagSeconds: number
  /** When it was last read to the end; null: never. */
  readAt: Date | null
  createdAt: Date
  updatedAt: Date
  /** Why its latest run failed, or was put off by Microsoft. */
  code: ProblemCode | null
}

type WorstRow = {
  id: TenantId
  display_name: string
  state: TenantState
  age: number
  read_at: string | null
  last_tried_at: string | null
  rest_until: string | null
  due_at: string | null
  created_at: string
  updated_at: string
  code: ProblemCode | null
}
type Row = { median: number; p95: number; longest: number; never_read: number; worst: WorstRow[] | null }

const working = raw.join(WORKING_STATES.map((state) => raw`${state}`))

/** One look at each working tenant, and one among the runs for each of the worst. */
export async function syncLag({ db, at }: FleetSql, { worst: limit }: { worst: number }): Promise<SyncLag> {
  const { rows } = await raw<Row>`
    with lags as materialized (
      select t.id, latest.succeeded_at as read_at,
        greatest(0, extract(epoch from ${at} - coalesce(latest.succeeded_at, t.connected_at, t.created_at)))::float8 as age
      from tenantry.tenants t left join tenantry.latest_ends latest on latest.tenant_id = t.id and latest.job = ${DIRECTORY_SYNC}
      where t.state in (${working})
    ), worst as (
      select t.id, t.display_name, t.state, lag.age, lag.read_at, t.last_tried_at, t.rest_until, t.created_at, t.updated_at,
        (select due_at from tenantry.job_schedules s where s.tenant_id = t.id and s.job = ${DIRECTORY_SYNC}) as due_at,
        (select case when r.state in ('failed', 'waiting') then r.diagnosis->>'code' end from tenantry.sync_runs r
          where r.tenant_id = t.id and r.job = ${DIRECTORY_SYNC} order by r.started_at desc limit 1) as code
      from (select * from lags order by age desc, id limit ${limit}) lag join tenantry.tenants t on t.id = lag.id
    )
    select coalesce(percentile_disc(0.5) within group (order by age), 0)::float8 as median,
      coalesce(percentile_disc(0.95) within group (order by age), 0)::float8 as p95,
      coalesce(max(age), 0)::float8 as longest, count(*) filter (where read_at is null)::int as never_read,
      (select jsonb_agg(worst order by age desc, id) from worst) as worst
    from lags`.execute(db)
  const { median = 0, p95 = 0, longest = 0, never_read = 0, worst } = rows[0] ?? {}
  return { median, p95, longest, neverRead: never_read, worst: (worst ?? []).map(toLagging) }
}

const date = (text: string | null): Date | null => (text === null ? null : new Date(text))

const toLagging = (row: WorstRow): LaggingTenant => ({
  id: row.id,
  displayName: row.display_name,
  state: row.state,
  lagSeconds: row.age,
  readAt: date(row.read_at),
  triedAt: date(row.last_tried_at),
  restUntil: date(row.rest_until),
  dueAt: date(row.due_at),
  createdAt: new Date(row.created_at),
  updatedAt: new Date(row.updated_at),
  code: row.code,
})
