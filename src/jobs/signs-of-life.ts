import type { JobAttempt, PgBoss } from 'pg-boss'
import type { JobName } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'

/** Says that these are alive. @returns those that are not ours any more */
export async function lost({ boss, log }: Jobs, name: JobName, attempts: JobAttempt[]): Promise<JobAttempt[]> {
  if (attempts.length === 0) return []
  try {
    if ((await touched(boss, name, attempts)) === attempts.length) return []
    const alone = await Promise.all(
      attempts.map(async (attempt) => ({ attempt, count: await touched(boss, name, [attempt]) })),
    )
    return alone.filter(({ count }) => count === 0).map(({ attempt }) => attempt)
  } catch (error) {
    log.warn({ err: error, job: name }, 'a heartbeat could not be written')
    return []
  }
}

/**
 * Makes due at once what no fault of its own has ended: its worker fell silent, or gave it back when it stopped. pg-boss lets
 * it wait as after a failure, up to a quarter of an hour.
 */
export async function hasten({ boss, log }: Jobs, name: JobName): Promise<void> {
  try {
    await boss.getDb().executeSql(
      `update ${SCHEMA}.job set start_after = ${SCHEMA}.job_now()
       where name = $1 and state = 'retry' and start_after > ${SCHEMA}.job_now()
         and (output->'value'->>'message' = 'job heartbeat timeout' or output->>'code' = 'INTERRUPTED')`,
      [name],
    )
  } catch (error) {
    log.warn({ err: error, job: name }, 'what was left behind could not be made due')
  }
}

const touched = async (boss: PgBoss, name: JobName, attempts: JobAttempt[]): Promise<number> =>
  ((await boss.touch(name, attempts)) as { affected: number }).affected
