import { workUnderWay } from '#jobs/inspect.ts'
import { keyOf } from '#jobs/names.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { asFleet } from '#store/database/open.ts'
import { interruptRuns, listRunning, type Running } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

/**
 * Ends the runs that nobody is at any more. Whoever does one has a place in the queue for it, by hand too, from before it
 * begins until after it has ended; a worker’s is taken over by the next try, but of what was done by hand there is none.
 */
export async function endDeadRuns({ store, jobs }: Pick<Tools, 'store' | 'jobs'>): Promise<void> {
  const running = await asFleet(store, listRunning)
  if (running.length === 0) return
  const underWay = await workUnderWay(jobs)
  const dead = running.filter((run) => !underWay.has(placeOf(run)))
  if (dead.length > 0) await asFleet(store, (sql) => interruptRuns(sql, dead))
}

const placeOf = ({ tenantId, job }: Running): string =>
  job === DIRECTORY_SYNC
    ? `sync-tenant ${keyOf('sync-tenant', { tenantId })}`
    : `run-job ${keyOf('run-job', { tenantId, job })}`
