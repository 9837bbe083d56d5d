import { type JobOutcome, runJob } from '#flows/runs/run-job.ts'
import { holdPlace } from '#jobs/hold-place.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * Does one of the app's own jobs here and now, in the place that the queue has for it: no worker does it at the same time.
 * @throws Problem JOB_UNDER_WAY when somebody does it already, and as `runJob`; why the signal was aborted, when it stops for that
 */
export async function runJobByHand(
  tools: Tools,
  { tenantId, job, signal }: { tenantId: TenantId; job: string; signal: AbortSignal },
): Promise<JobOutcome> {
  await using place = await holdPlace(tools.jobs, 'run-job', { tenantId, job })
  if (!place) throw underWay(job)
  try {
    return await runJob(tools, { tenantId, job, signal: AbortSignal.any([signal, place.signal]) })
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'JOB_FAILED' || error.cause === undefined) throw error
    // An author’s code that is told to stop throws whatever it likes.
    signal.throwIfAborted()
    tools.log.error({ err: error.cause, tenantId, job }, 'a job failed that was done by hand')
    throw failedByHand(error)
  }
}

/** The queue neither logs it nor tries it again. */
const failedByHand = ({ diagnosis, cause }: Problem) =>
  new Problem(
    {
      ...diagnosis,
      nextStep: 'Its error stands in the log: here, or that of the process that runs. Mend it, and do the job again.',
    },
    { cause },
  )

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
