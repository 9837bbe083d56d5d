import { workUnderWay } from '#jobs/inspect.ts'
import { keyOf } from '#jobs/names.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { asFleet } from '#store/database/open.ts'
import { interruptRuns, listUnended, type Unended } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

/**
 * Ends the runs that nobody is at any more, and those that wait though nobody will go on with them: of a job that the
 * configuration has no more, or in a tenant that is left alone. Whoever does a run has a place in the queue for it, by hand
 * too, from before it begins until after it has ended; a worker’s is taken over by the next try, but of what was done by hand
 * there is none.
 */
export async function endDeadRuns({ store, jobs, config }: Pick<Tools, 'store' | 'jobs' | 'config'>): Promise<void> {
  const declared = [DIRECTORY_SYNC, ...(config.app.jobs ?? []).map(({ name }) => name)]
  const unended = await asFleet(store, (sql) => listUnended(sql, { jobs: declared }))
  if (unended.length === 0) return
  const waiting = unended.flatMap((run) => (run.state === 'waiting' ? placeOf(run).key : []))
  const underWay = await workUnderWay(jobs, { waiting })
  const dead = unended.filter((run) => !underWay.has(workOf(run)))
  if (dead.length > 0) await asFleet(store, (sql) => interruptRuns(sql, dead))
}

const placeOf = ({ tenantId, job }: Unended): { name: string; key: string } =>
  job === DIRECTORY_SYNC
    ? { name: 'sync-tenant', key: keyOf('sync-tenant', { tenantId }) }
    : { name: 'run-job', key: keyOf('run-job', { tenantId, job }) }

const workOf = (run: Unended): string => {
  const { name, key } = placeOf(run)
  return `${name} ${key}`
}
