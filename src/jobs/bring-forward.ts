import { CHANNEL } from '#jobs/bell.ts'
import { type JobName, type JobPayloads, keyOf } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'

/**
 * Lets work that waits in the queue for a later moment begin now, because a person has asked for it. To be called once what
 * was asked for is committed, so that nothing begins that is taken back. What Graph has asked for is kept by the budget all
 * the same; a next try is brought forward by whatever is asked for beside it, see `fetchJobs`.
 */
export async function bringForward<Name extends JobName>(
  { boss }: Jobs,
  name: Name,
  payload: JobPayloads[Name],
): Promise<void> {
  await boss.getDb().executeSql(
    `with brought as (
       update ${SCHEMA}.job set start_after = ${SCHEMA}.job_now()
       where name = $1 and state = 'created' and singleton_key = $2 and start_after > ${SCHEMA}.job_now()
       returning 1
     )
     select pg_notify($3, $1) from brought`,
    [name, keyOf(name, payload), CHANNEL],
  )
}
