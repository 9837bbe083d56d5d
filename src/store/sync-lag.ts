import { sql as raw } from 'kysely'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import type { FleetSql } from '#store/open.ts'

/** For how long the working tenants have not been read, in seconds; one that never was counts from its connection. */
export type SyncLag = { median: number; p95: number; longest: number; neverRead: number }

const working = raw.join(WORKING_STATES.map((state) => raw`${state}`))

/** One look into an index for each working tenant. */
export async function syncLag({ db, at }: FleetSql): Promise<SyncLag> {
  const { rows } = await raw<{ median: number; p95: number; longest: number; never_read: number }>`
    select coalesce(percentile_disc(0.5) within group (order by age), 0)::float8 as median,
      coalesce(percentile_disc(0.95) within group (order by age), 0)::float8 as p95,
      coalesce(max(age), 0)::float8 as longest, count(*) filter (where never)::int as never_read
    from (
      select run.finished_at is null as never,
        greatest(0, extract(epoch from ${at}::timestamptz - coalesce(run.finished_at, t.connected_at, t.created_at))) as age
      from tenantry.tenants t
      left join lateral (
        select r.finished_at from tenantry.sync_runs r
        where r.tenant_id = t.id and r.job = ${DIRECTORY_SYNC} and r.state = 'succeeded'
        order by r.started_at desc limit 1
      ) run on true
      where t.state in (${working})
    ) lags`.execute(db)
  const { median = 0, p95 = 0, longest = 0, never_read = 0 } = rows[0] ?? {}
  return { median, p95, longest, neverRead: never_read }
}
