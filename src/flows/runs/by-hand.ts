import { claimJob } from '#jobs/claim-job.ts'
import type { JobPayloads } from '#jobs/names.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * Does work here and now, and claims its job in the queue meanwhile: no worker does the same at the same time.
 * @param input.what its name, for whoever is told that it is under way
 * @param work is given a signal that is also aborted when a worker was given the job, after a silence
 * @throws Problem JOB_UNDER_WAY when somebody does it already
 */
export async function byHand<Name extends keyof JobPayloads, Value>(
  { jobs }: Pick<Tools, 'jobs'>,
  { name, payload, what, signal }: { name: Name; payload: JobPayloads[Name]; what: string; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  await using claimed = await claimJob(jobs, name, payload)
  if (!claimed) throw underWay(what)
  return await work(AbortSignal.any([signal, claimed.signal]))
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
