import { type JobOutcome, runJob } from '#flows/run-job.ts'
import { holdPlace } from '#jobs/hold-place.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * Does one of the app's own jobs here and now, in the place that the queue has for it: no worker does it at the same time.
 * @throws Problem JOB_UNDER_WAY when somebody does it already, and as `runJob`
 */
export async function runJobByHand(
  tools: Tools,
  { tenantId, job, signal }: { tenantId: TenantId; job: string; signal: AbortSignal },
): Promise<JobOutcome> {
  await using place = await holdPlace(tools.jobs, 'run-job', { tenantId, job })
  if (!place) throw underWay(job)
  return await runJob(tools, { tenantId, job, signal: AbortSignal.any([signal, place.signal]) })
}

const underWay = (job: string) =>
  new Problem({
    code: 'JOB_UNDER_WAY',
    owner: 'nobody',
    message: `The job ${job} is being done in this tenant already.`,
    nextStep:
      'Wait until it has ended: `tenantry tenants show` tells how far it is. Then ask again, if it is still wanted.',
    retry: 'backoff',
    confidence: 'certain',
  })
