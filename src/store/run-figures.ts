import { sql as raw } from 'kysely'
import type { Owner, ProblemCode } from '#model/problem.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { FleetSqlOnTime } from '#store/database/open.ts'

/** What happened in one hour, counted by how the runs that began in it stand now. */
export type HourOfRuns = { hour: Date } & Record<SyncRun['state'], number>
export type RunFailures = { code: ProblemCode; owner: Owner; runs: number; tenants: number }
export type RunFigures = { hours: HourOfRuns[]; failures: RunFailures[] }

const HOUR = 3_600_000

type Row = { hour: Date; state: SyncRun['state']; runs: number }

/** The runs of the last `hours` hours, hour by hour with none left out, and why those that failed did. */
export async function runFigures({ db, now }: FleetSqlOnTime, { hours }: { hours: number }): Promise<RunFigures> {
  const last = Math.floor(now.getTime() / HOUR) * HOUR
  const first = new Date(last - (hours - 1) * HOUR)
  const { rows } = await raw<Row>`
    select date_bin('1 hour', started_at, '2000-01-01 00:00:00Z') as hour, state, count(*)::int as runs
    from tenantry.sync_runs where started_at >= ${first} group by 1, 2`.execute(db)
  const { rows: failures } = await raw<RunFailures>`
    select diagnosis->>'code' as code, diagnosis->>'owner' as owner,
      count(*)::int as runs, count(distinct tenant_id)::int as tenants
    from tenantry.sync_runs where started_at >= ${first} and state = 'failed' and diagnosis is not null
    group by 1, 2 order by runs desc, code`.execute(db)
  const counted = new Map(rows.map(({ hour, state, runs }) => [`${hour.getTime()} ${state}`, runs]))
  return {
    hours: Array.from({ length: hours }, (_, index) => {
      const hour = new Date(first.getTime() + index * HOUR)
      const count = (state: SyncRun['state']) => counted.get(`${hour.getTime()} ${state}`) ?? 0
      return {
        hour,
        running: count('running'),
        waiting: count('waiting'),
        succeeded: count('succeeded'),
        failed: count('failed'),
        interrupted: count('interrupted'),
      }
    }),
    failures,
  }
}
