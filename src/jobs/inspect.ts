import { JOB_NAMES, type JobName } from '#jobs/names.ts'
import type { Jobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'

export type QueueDepth = { name: JobName; ready: number; active: number; failed: number }

/** How much of each kind waits, runs and has failed. */
export async function queueDepth({ boss }: Jobs): Promise<QueueDepth[]> {
  return Promise.all(
    JOB_NAMES.map(async (name) => {
      const jobs = await boss.findJobs(name, { queued: false })
      const count = (...states: string[]) => jobs.filter((job) => states.includes(job.state)).length
      return { name, ready: count('created', 'retry'), active: count('active'), failed: count('failed') }
    }),
  )
}

/** Takes everything that waits for a tenant out of the queue. What runs already ends by itself. */
export async function cancelJobsOf({ boss }: Jobs, tenantId: TenantId): Promise<void> {
  for (const name of ['sync-tenant', 'verify-tenant'] as const) {
    const waiting = await boss.findJobs(name, { key: tenantId, queued: true })
    if (waiting.length > 0)
      await boss.cancel(
        name,
        waiting.map((job) => job.id),
      )
  }
}
