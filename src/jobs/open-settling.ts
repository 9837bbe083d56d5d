import { setTimeout as pause } from 'node:timers/promises'
import type { JobAttempt, PgBoss } from 'pg-boss'
import type { JobName } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'
import { isOutOfUse } from '#store/database/unreachable.ts'

/** A database that is away is asked again after so long. */
const AGAIN_MILLISECONDS = 500

/** What is nobody’s fault is no try: neither a database that is away nor a process that stops makes a job a dead letter. */
const NO_TRY: readonly string[] = ['DATABASE_UNREACHABLE', 'INTERRUPTED']

type Ended = { attempt: JobAttempt; failure: string | null; settled: () => void }

/**
 * While one question is on its way, what ends meanwhile is gathered for the next. A database that is away is waited for,
 * until the process stops.
 */
export function openSettling(jobs: Jobs, name: JobName, stopping: AbortSignal) {
  let waiting: Ended[] = []
  let flushing: Promise<void> = Promise.resolve()
  let planned = false

  const flush = async () => {
    planned = false
    const batch = waiting
    waiting = []
    const write = openWriting(jobs, name, batch)
    for (;;) {
      try {
        await write()
        break
      } catch (error) {
        jobs.log.warn({ err: error, job: name }, 'ended jobs could not be settled')
        // Left as they are, they are found silent and given to another worker, who finds their work done.
        if (!isOutOfUse(error) || stopping.aborted) break
        await pause(AGAIN_MILLISECONDS, undefined, { signal: stopping }).catch(() => {})
      }
    }
    for (const { settled } of batch) settled()
  }
  const settle = (attempt: JobAttempt, failure: string | null): Promise<void> =>
    new Promise((settled) => {
      waiting.push({ attempt, failure, settled })
      if (planned) return
      planned = true
      flushing = flushing.then(flush)
    })
  return Object.assign(settle, { rest: () => flushing })
}

/** Writes how jobs ended; begun again, it goes on where it was. */
function openWriting({ boss }: Jobs, name: JobName, batch: readonly Ended[]): () => Promise<void> {
  let done = batch.filter(({ failure }) => failure === null).map(({ attempt }) => attempt)
  let noTries = batch
    .filter(({ failure }) => failure !== null && NO_TRY.includes(failure))
    .map(({ attempt }) => attempt)
  const failed = batch.filter(({ failure }) => failure !== null)
  return async () => {
    if (done.length > 0) await boss.complete(name, done)
    done = []
    if (noTries.length > 0) await giveTriesBack(boss, name, noTries)
    noTries = []
    while (failed[0]) {
      await boss.fail(name, failed[0].attempt, { code: failed[0].failure })
      failed.shift()
    }
  }
}

/** One more try each, unless somebody else has it by now: pg-boss counts all that were begun. */
const giveTriesBack = async (boss: PgBoss, name: JobName, attempts: readonly JobAttempt[]): Promise<void> => {
  await boss.getDb().executeSql(
    `update ${SCHEMA}.job set retry_limit = retry_limit + 1
     where name = $1 and state in ('active', 'retry') and id::text || ':' || retry_count = any($2)`,
    [name, attempts.map(({ id, retryCount }) => `${id}:${retryCount}`)],
  )
}
