import { enqueueAll } from '#jobs/enqueue.ts'
import { scheduleText, turnsAround } from '#model/schedule.ts'
import {
  addPlanned,
  listPlanned,
  type PlannedJob,
  removePlanned,
  scheduleJobs,
  takeJobsDue,
} from '#store/job-schedules.ts'
import { asFleet } from '#store/open.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'jobs' | 'clock' | 'config'>

const AT_A_TIME = 1_000

/**
 * Puts each job that is due in a tenant into the queue, and sets when it is due next: both or neither. Costs what is due
 * costs, not what is registered; only after the configuration has changed every tenant is looked at.
 */
export async function planJobs(tools: Needs): Promise<void> {
  const { store, jobs } = tools
  await followConfiguration(tools, plannedJobs(tools))
  for (;;) {
    const taken = await asFleet(store, async (sql) => {
      const due = await takeJobsDue(sql, { jobs: plannedJobs(tools), limit: AT_A_TIME })
      const payloads = due.filter(({ known }) => known).map(({ tenantId, job }) => ({ tenantId, job }))
      await enqueueAll(jobs, sql, 'run-job', payloads)
      return due.length
    })
    if (taken < AT_A_TIME) return
  }
}

/** Gives every working tenant that was overlooked its time: one that signed up while a job was being added. */
export const findOverlooked = (tools: Needs): Promise<void> =>
  asFleet(tools.store, (sql) => scheduleJobs(sql, plannedJobs(tools)))

const plannedJobs = ({ config, clock }: Pick<Needs, 'config' | 'clock'>): PlannedJob[] =>
  (config.app.jobs ?? []).map(({ name, schedule }) => ({
    job: name,
    schedule: scheduleText(schedule),
    ...turnsAround(schedule, clock.now()),
  }))

/** A job that is gone disappears; one that is new, or has another schedule, is spread over all working tenants. */
async function followConfiguration({ store }: Pick<Needs, 'store'>, wanted: readonly PlannedJob[]): Promise<void> {
  await asFleet(store, async (sql) => {
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
