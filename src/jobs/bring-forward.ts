import { CHANNEL } from '#jobs/bell.ts'
import { type JobName, type JobPayloads, keyOf } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'

/**
 * Lets work that waits in the queue for a later moment begin now, because a person has asked for it. To be called once what
 * was asked for is committed, so that nothing begins that is taken back; it only hastens, so that its failure is none of
 * what was asked for. What Graph has asked for is kept by the budget all the same, what Entra ID has is asked for once more;
 * a next try is brought forward by whatever is asked for beside it, see `fetchJobs`.
 */
export async function bringForward<Name extends JobName>(
  { boss, log }: Jobs,
  name: Name,
  payload: JobPayloads[Name],
): Promise<void> {
  const brought = boss.getDb().executeSql(
    `with brought as (
       update ${SCHEMA}.job set start_after = ${SCHEMA}.job_now()
       where name = $1 and state = 'created' and singleton_key = $2 and start_after > ${SCHEMA}.job_now()
       returning 1
     )
     select pg_notify($3, $1) from brought`,
    [name, keyOf(name, payload), CHANNEL],
  )
  await brought.catch((error: unknown) =>
    log.warn({ err: error, name }, 'work that waits could not be brought forward'),
  )
}
