import { JOB_NAMES, type JobName, type TaskTable } from '#jobs/names.ts'
import type { Jobs } from '#jobs/open.ts'
import { diagnose } from '#model/problem.ts'

export type Runner = {
  /** Takes no new job, lets the running ones finish within the grace, then tells them to stop; they will be tried again. */
  stop(options?: { graceMilliseconds?: number }): Promise<void>
}

const POLL_SECONDS = 0.5
const DEFAULT_GRACE_MILLISECONDS = 10_000

/** Does jobs until stopped, at most `concurrency` of each kind at a time. */
export async function startRunner(
  jobs: Jobs,
  tasks: TaskTable,
  { concurrency }: { concurrency: number },
): Promise<Runner> {
  const stopping = new AbortController()
  for (const name of JOB_NAMES) {
    await jobs.boss.work<object>(
      name,
      { localConcurrency: concurrency, pollingIntervalSeconds: POLL_SECONDS },
      async ([job]) => {
        if (!job) return
        const signal = AbortSignal.any([job.signal, stopping.signal])
        await runOne(jobs, tasks, name, job.data, { signal, jobId: job.id, attempt: job.retryCount })
      },
    )
  }
  return {
    async stop({ graceMilliseconds = DEFAULT_GRACE_MILLISECONDS } = {}) {
      const grace = setTimeout(() => stopping.abort(new Error('The process is stopping.')), graceMilliseconds)
      // Waits for what runs, and until the queue knows how it ended.
      await Promise.all(JOB_NAMES.map((name) => jobs.boss.offWork(name, { wait: true })))
      clearTimeout(grace)
    },
  }
}

/** A failure that trying again cannot mend ends the job; its story stands with the tenant and its run. */
async function runOne<Name extends JobName>(
  { log }: Jobs,
  tasks: TaskTable,
  name: Name,
  payload: object,
  context: { signal: AbortSignal; jobId: string; attempt: number },
): Promise<void> {
  const bindings = { job: name, jobId: context.jobId, attempt: context.attempt, ...payload }
  try {
    log.debug(bindings, 'job started')
    await tasks[name](payload as never, context)
    log.debug(bindings, 'job done')
  } catch (error) {
    if (context.signal.aborted) throw error
    const { retry } = diagnose(error)
    log.warn({ ...bindings, err: error, retry }, 'job failed')
    if (retry === 'now' || retry === 'backoff') throw new Error(diagnose(error).code)
  }
}
