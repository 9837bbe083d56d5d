import { randomUUID } from 'node:crypto'
import { type JobName, type JobPayloads, keyOf, QUEUES } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'
import { lost } from '#jobs/signs-of-life.ts'
import { superseded } from '#store/sync-runs.ts'

/** A job that is done by hand: for the queue it is running. */
export type ClaimedJob = AsyncDisposable & {
  /** Aborted when it was given to a worker, after a silence. */
  signal: AbortSignal
}

/**
 * Puts a job into the queue as one that is running, so that no worker begins the same meanwhile: of each key one runs.
 * Whoever dies over it is found silent as a worker is; nobody tries it again then.
 * @returns null when somebody does the same already
 */
export async function claimJob<Name extends JobName>(
  jobs: Jobs,
  name: Name,
  payload: JobPayloads[Name],
): Promise<ClaimedJob | null> {
  const { policy, heartbeatSeconds, expireInSeconds, deleteAfterSeconds } = QUEUES[name]
  const attempt = { id: randomUUID(), retryCount: 0 }
  const { rows } = await jobs.boss.getDb().executeSql(
    `insert into ${SCHEMA}.job (id, name, data, state, policy, singleton_key, retry_limit, expire_seconds, started_on,
       heartbeat_on, heartbeat_seconds, deletion_seconds)
     values ($1, $2, $3::text::jsonb, 'active', $4, $5, 0, $6, ${SCHEMA}.job_now(), ${SCHEMA}.job_now(), $7, $8)
     on conflict do nothing returning id`,
    [
      attempt.id,
      name,
      JSON.stringify(payload),
      policy,
      keyOf(name, payload),
      expireInSeconds,
      heartbeatSeconds,
      deleteAfterSeconds,
    ],
  )
  if (rows.length === 0) return null
  const given = new AbortController()
  const beat = async () => {
    if ((await lost(jobs, name, [attempt])).length > 0) given.abort(superseded())
  }
  const beating = setInterval(() => void beat(), (heartbeatSeconds * 1_000) / 3)
  return {
    signal: given.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(beating)
      // Left as it is, it is found silent. What was done in it, or went wrong, is not to be hidden by that.
      await jobs.boss
        .complete(name, attempt)
        .catch((error: unknown) =>
          jobs.log.warn({ err: error, job: name }, 'a job that was done by hand could not be taken out of the queue'),
        )
    },
  }
}
