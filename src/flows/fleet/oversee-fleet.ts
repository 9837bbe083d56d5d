import { type Lagging, laggingOf } from '#flows/fleet/list-lagging.ts'
import { type QueueDepth, queueDepth } from '#jobs/inspect.ts'
import { listWorkers, type Worker } from '#jobs/workers.ts'
import type { TenantId } from '#model/ids.ts'
import type { Incident } from '#model/incident.ts'
import type { TenantState } from '#model/tenant.ts'
import { appBuckets } from '#model/throttle.ts'
import { leftIn } from '#store/buckets.ts'
import { asFleetOnTime } from '#store/database/open.ts'
import { countOpenIncidents, type IncidentCount, listIncidents } from '#store/incidents.ts'
import { countSchedules, type JobStanding } from '#store/job-schedules.ts'
import { type RunFigures, runFigures } from '#store/run-figures.ts'
import { type LaggingTenant, type SyncLag, syncLag } from '#store/sync-lag.ts'
import { tenantNames } from '#store/tenant-names.ts'
import { countTenantsByState } from '#store/tenants.ts'
import { listTroubles, type Trouble } from '#store/troubles.ts'
import type { Tools } from '#tools.ts'

const DAY_HOURS = 24
/** So many incidents, and so many of the tenants that have not been read for longest. */
const WORST = 5

export type Fleet = {
  /** When this was looked at. */
  at: Date
  byState: Partial<Record<TenantState, number>>
  troubles: readonly Trouble[]
  /** Of the last 24 hours. */
  runs: RunFigures
  queue: readonly QueueDepth[]
  /** Processes that do jobs. */
  workers: readonly Worker[]
  lag: SyncLag
  /** Those that have not been read for longest. */
  lagging: readonly Lagging[]
  /** As many of them as have a figure of their own. */
  worstLags: readonly Pick<LaggingTenant, 'id' | 'lagSeconds'>[]
  /** What Graph's limits leave the app over all tenants, as the workers see it. */
  budgetLeft: { units: number; writes: number }
  /** Those that are open, and the first of them. */
  incidentCounts: readonly IncidentCount[]
  incidents: readonly Incident[]
  /** The names of the tenants that they are about. */
  incidentTenants: ReadonlyMap<TenantId, string>
  /** When the credential in use ends, as far as the configuration tells. */
  credentialEndsAt: Date | null
  /** The app's own jobs as they are planned. */
  schedules: readonly JobStanding[]
}

/** How all tenants together are, for whoever looks after them. */
export async function overseeFleet({
  store,
  jobs,
  clock,
  config,
}: Pick<Tools, 'store' | 'jobs' | 'clock' | 'config'>): Promise<Fleet> {
  const buckets = appBuckets(config.throttleLimits, config.clientId)
  const queue = await queueDepth(jobs)
  const workers = await listWorkers(jobs)
  const fleet = await asFleetOnTime(store, async (sql) => {
    const lag = await syncLag(sql, { worst: Math.max(WORST, config.metricsTenants) })
    const incidents = await listIncidents(sql, { open: true, limit: WORST })
    const units = await leftIn(sql, clock, buckets.units)
    return {
      at: sql.now,
      incidentCounts: await countOpenIncidents(sql),
      incidents,
      incidentTenants: await tenantNames(
        sql,
        incidents.flatMap(({ tenantId }) => tenantId ?? []),
      ),
      credentialEndsAt: config.credential.expiresAt,
      byState: await countTenantsByState(sql),
      troubles: await listTroubles(sql),
      runs: await runFigures(sql, { hours: DAY_HOURS }),
      queue,
      workers,
      lag,
      worstLags: lag.worst.slice(0, config.metricsTenants),
      budgetLeft: {
        units,
        // Nothing is written while nothing may be asked at all.
        writes: units === 0 ? 0 : await leftIn(sql, clock, buckets.writes),
      },
      schedules: await countSchedules(sql),
    }
  })
  return { ...fleet, lagging: await laggingOf({ jobs, config }, fleet.lag.worst.slice(0, WORST)) }
}
