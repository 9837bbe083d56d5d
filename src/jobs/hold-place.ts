import { randomUUID } from 'node:crypto'
import { type JobName, type JobPayloads, keyOf, QUEUES } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'
import { lost } from '#jobs/signs-of-life.ts'
import { superseded } from '#store/sync-runs.ts'

/** A job’s place in the queue, taken for what is done by hand. */
export type HeldPlace = AsyncDisposable & {
  /** Aborted when the place was lost to a worker, after a silence. */
  signal: AbortSignal
}

/**
 * Takes the place of the job that runs, so that no worker begins the same meanwhile: of each key the queue has one. Whoever
 * dies while holding it is found silent as a worker is; nobody tries it again then.
 * @returns null when a worker has the place
 */
export async function holdPlace<Name extends JobName>(
  jobs: Jobs,
  name: Name,
  payload: JobPayloads[Name],
): Promise<HeldPlace | null> {
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
  const taken = new AbortController()
  const beat = async () => {
    if ((await lost(jobs, name, [attempt])).length > 0) taken.abort(superseded())
  }
  const beating = setInterval(() => void beat(), (heartbeatSeconds * 1_000) / 3)
  return {
    signal: taken.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(beating)
      // Left as it is, it is found silent. What was done in it, or went wrong, is not to be hidden by that.
      await jobs.boss
        .complete(name, attempt)
        .catch((error: unknown) => jobs.log.warn({ err: error, job: name }, 'a place could not be given back'))
    },
  }
}
