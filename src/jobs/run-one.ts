import type { FetchedJob } from '#jobs/fetch-jobs.ts'
import type { JobContext, JobName, TaskTable } from '#jobs/names.ts'
import type { Jobs } from '#jobs/open.ts'
import { diagnose } from '#model/problem.ts'

/** A failure that trying again cannot mend ends the job; its story stands with the tenant and its run. */
export async function runOne<Name extends JobName>(
  { log }: Jobs,
  tasks: TaskTable,
  name: Name,
  job: FetchedJob,
  { signal, aside, prepare, leave }: Pick<JobContext, 'signal' | 'aside' | 'prepare' | 'leave'>,
): Promise<string | null> {
  const bindings = { job: name, jobId: job.id, attempt: job.retryCount, ...job.data }
  try {
    signal.throwIfAborted()
    log.debug(bindings, 'job started')
    await tasks[name](job.data as never, {
      signal,
      aside,
      prepare,
      leave,
      jobId: job.id,
      key: job.singletonKey,
      attempt: job.retryCount,
    })
    log.debug(bindings, 'job done')
    return null
  } catch (error) {
    if (signal.aborted) return 'INTERRUPTED'
    const { retry, code } = diagnose(error)
    log.warn({ ...bindings, err: error, retry }, 'job failed')
    return retry === 'now' || retry === 'backoff' ? code : null
  }
}
