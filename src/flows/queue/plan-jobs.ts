import { enqueueAll } from '#jobs/enqueue.ts'
import { hurry } from '#jobs/hurry.ts'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { DELTA_HURRIES_MILLISECONDS, DELTA_LIFE_MILLISECONDS } from '#model/resource.ts'
import { resourcesOf } from '#model/resources-of.ts'
import { scheduleText, turnsAround } from '#model/schedule.ts'
import { withOldLinks } from '#store/cursors.ts'
import { asFleetOnTime, type FleetSqlOnTime } from '#store/database/open.ts'
import {
  addPlanned,
  listPlanned,
  type PlannedJob,
  removePlanned,
  scheduleJobs,
  takeJobsDue,
} from '#store/job-schedules.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'jobs' | 'config'>

const AT_A_TIME = 1_000

/**
 * Puts each job that is due in a tenant into the queue, the reading of its directory among them, and sets when it is due
 * next: both or neither. Costs what is due costs, not what is registered; only after the configuration has changed every
 * tenant is looked at.
 */
export async function planJobs(tools: Needs): Promise<void> {
  const { store, jobs, config } = tools
  const kinds = resourcesOf(config.app).map(({ kind }) => kind)
  await followConfiguration(tools)
  for (;;) {
    const { taken, hurried } = await asFleetOnTime(store, async (sql) => {
      const due = await takeJobsDue(sql, { jobs: plannedJobs(tools, sql), limit: AT_A_TIME })
      const [readings, others] = [[] as { tenantId: TenantId }[], [] as { tenantId: TenantId; job: string }[]]
      for (const { tenantId, job, starts } of due)
        if (starts && job === DIRECTORY_SYNC) readings.push({ tenantId })
        else if (starts) others.push({ tenantId, job })
      await enqueueAll(jobs, sql, 'sync-tenant', readings)
      await enqueueAll(jobs, sql, 'run-job', others)
      return {
        taken: due.length,
        hurried: await withOldLinks(sql, {
          tenantIds: readings.map(({ tenantId }) => tenantId),
          kinds,
          fromMilliseconds: DELTA_HURRIES_MILLISECONDS,
          toMilliseconds: DELTA_LIFE_MILLISECONDS,
        }),
      }
    })
    // With a long queue a link could grow too old while its tenant waits.
    await hurry(
      jobs,
      'sync-tenant',
      hurried.map((tenantId) => ({ tenantId })),
    )
    if (taken < AT_A_TIME) return
  }
}

/** Gives every working tenant that was overlooked its time: one that signed up while a job was being added. */
export const findOverlooked = (tools: Needs): Promise<void> =>
  asFleetOnTime(tools.store, (sql) => scheduleJobs(sql, plannedJobs(tools, sql)))

/** The directory sync is a job like any, built in. Its turns are those around the moment of the transaction. */
const plannedJobs = ({ config }: Pick<Needs, 'config'>, { now }: FleetSqlOnTime): PlannedJob[] =>
  [{ name: DIRECTORY_SYNC, schedule: { everyMinutes: config.syncEveryMinutes } }, ...(config.app.jobs ?? [])].map(
    ({ name, schedule }) => ({
      job: name,
      schedule: scheduleText(schedule),
      ...turnsAround(schedule, now),
    }),
  )

/** A job that is gone disappears; one that is new, or has another schedule, is spread over all working tenants. */
async function followConfiguration(tools: Pick<Needs, 'store' | 'config'>): Promise<void> {
  await asFleetOnTime(tools.store, async (sql) => {
    const wanted = plannedJobs(tools, sql)
    const known = new Map((await listPlanned(sql)).map(({ job, schedule }) => [job, schedule]))
    const fresh = wanted.filter(({ job, schedule }) => known.get(job) !== schedule)
    const wantedNames = new Set(wanted.map(({ job }) => job))
    const gone = [...known.keys()].filter((job) => !wantedNames.has(job))
    if (fresh.length + gone.length === 0) return
    await removePlanned(sql, [...gone, ...fresh.map(({ job }) => job)])
    await addPlanned(sql, fresh)
    await scheduleJobs(sql, fresh)
  })
}
