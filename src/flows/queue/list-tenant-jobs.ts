import { type GivenUp, listGivenUp } from '#flows/queue/list-given-up.ts'
import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import { waitingReadings } from '#jobs/waiting-readings.ts'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { nextTryAt } from '#model/next-try.ts'
import { scheduleText } from '#model/schedule.ts'
import type { SyncRun } from '#model/sync-run.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { asTenant } from '#store/database/open.ts'
import { listTurns } from '#store/job-schedules.ts'
import { latestRun } from '#store/sync-runs.ts'
import { triesOf } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

/** A job as it stands in one tenant. */
export type TenantJob = {
  name: string
  /** In words, or as a cron expression. */
  schedule: string
  /** Null where it has none: the daemon does not work for the tenant, or has not planned it yet. */
  nextDueAt: Date | null
  lastRun: SyncRun | null
}
export type TenantJobs = { jobs: readonly TenantJob[]; deadLetters: readonly GivenUp[] }

/** What is done in a tenant by itself: when, how it last went, and what was given up. @throws Problem TENANT_UNKNOWN */
export async function listTenantJobs(
  { store, jobs, config }: Pick<Tools, 'store' | 'jobs' | 'config'>,
  tenantId: TenantId,
): Promise<TenantJobs> {
  const tenant = await knownTenant({ store }, tenantId)
  const { syncEveryMinutes } = config
  const everySync = { everyMinutes: syncEveryMinutes }
  const waiting = await waitingReadings(jobs, [tenantId])
  const listed = await asTenant(store, tenantId, async (sql) => {
    const turns = new Map((await listTurns(sql)).map(({ job, dueAt }) => [job, dueAt]))
    const found: TenantJob[] = [
      {
        name: DIRECTORY_SYNC,
        schedule: scheduleText(everySync),
        nextDueAt: WORKING_STATES.includes(tenant.state)
          ? nextTryAt(tenant, await triesOf(sql), waiting(tenantId), config)
          : null,
        lastRun: await latestRun(sql),
      },
    ]
    for (const { name, schedule } of config.app.jobs ?? [])
      found.push({
        name,
        schedule: scheduleText(schedule),
        nextDueAt: turns.get(name) ?? null,
        lastRun: await latestRun(sql, name),
      })
    return found
  })
  return { jobs: listed, deadLetters: await listGivenUp({ jobs, config }, { tenantId }) }
}
