import { codeOf } from '#base/code-of.ts'
import type { JobName } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'

/** A job that is ours until it is settled, or until we fall silent. */
export type FetchedJob = { id: string; data: object; retryCount: number; singletonKey: string | null }

type Row = { id: string; data: object; retry_count: number; singleton_key: string | null }

/** Somebody else has begun a job of the same key in the same moment. */
const UNIQUE_VIOLATION = '23505'

/**
 * Takes so many jobs that are due, whoever has waited longest first; of each key one, and none while one of it runs. This
 * is what pg-boss's own `fetch` does with a `stately` queue, but for one thing: that looks through everything that runs
 * once for each job that it finds, this once. And work that was asked for while its next try waits is that try, at once: of
 * two that both failed only one could wait for another try, and the other would be given up.
 */
export async function fetchJobs({ boss }: Jobs, name: JobName, count: number): Promise<FetchedJob[]> {
  try {
    const { rows } = await boss.getDb().executeSql(FETCH, [name, count])
    return (rows as Row[]).map(({ id, data, retry_count, singleton_key }) => ({
      id,
      data,
      retryCount: retry_count,
      singletonKey: singleton_key,
    }))
  } catch (error) {
    if (codeOf(error) === UNIQUE_VIOLATION) return []
    throw error
  }
}

/** pg-boss counts a try when a job is begun that was begun before; by that count a try is known when it is settled. */
const FETCH = `
  with at_work as materialized (
    select coalesce(singleton_key, '') as key from ${SCHEMA}.job where name = $1 and state = 'active'
  ), due as materialized (
    select id, state, singleton_key, priority, created_on from ${SCHEMA}.job
    where name = $1 and state < 'active' and not blocked and start_after <= ${SCHEMA}.job_now()
      and coalesce(singleton_key, '') not in (select key from at_work)
    order by priority desc, created_on limit $2 for update skip locked
  ), next as materialized (
    select id, state, coalesce(singleton_key, '') as key,
      row_number() over (partition by singleton_key order by priority desc, created_on) as turn from due
  ), waiting as materialized (
    select id, coalesce(singleton_key, '') as key from ${SCHEMA}.job
    where name = $1 and state = 'retry' and policy = 'stately'
      and coalesce(singleton_key, '') = any(array(select key from next where turn = 1 and state = 'created'))
    for update skip locked
  ), tries as materialized (
    select waiting.id, next.id as asked from waiting join next using (key) where next.turn = 1
  ), merged as (
    delete from ${SCHEMA}.job job using tries where job.name = $1 and job.id = tries.asked
  ), begun as (
    update ${SCHEMA}.job job set state = 'active', started_on = ${SCHEMA}.job_now(), heartbeat_on = ${SCHEMA}.job_now(),
      retry_count = case when started_on is null then retry_count else retry_count + 1 end
    from next left join tries on tries.asked = next.id
    where job.name = $1 and job.id = coalesce(tries.id, next.id) and next.turn = 1
    returning job.id, job.data, job.retry_count, job.singleton_key, job.priority, job.created_on
  )
  select id, data, retry_count, singleton_key from begun order by priority desc, created_on`
