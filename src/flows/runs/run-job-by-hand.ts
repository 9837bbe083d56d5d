import { byHand } from '#flows/runs/by-hand.ts'
import { type JobOutcome, runJob } from '#flows/runs/run-job.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * Does one of the app's own jobs here and now; no worker does it at the same time.
 * @throws Problem JOB_UNDER_WAY when somebody does it already, and as `runJob`; why the signal was aborted, when it stops for that
 */
export async function runJobByHand(
  tools: Tools,
  { tenantId, job, signal }: { tenantId: TenantId; job: string; signal: AbortSignal },
): Promise<JobOutcome> {
  try {
    return await byHand(tools, { name: 'run-job', payload: { tenantId, job }, what: job, signal }, (inPlace) =>
      runJob(tools, { tenantId, job, signal: inPlace }),
    )
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
