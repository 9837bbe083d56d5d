import { DEAD_LETTER, JOB_NAMES, type JobName, keysOf } from '#jobs/names.ts'
import { type Jobs, SCHEMA } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'

export type QueueDepth = {
  name: JobName | typeof DEAD_LETTER
  /** Due, and not yet begun. */
  ready: number
  /** To be begun later: the next try of something that failed. */
  deferred: number
  active: number
  /** On every try, and not cleared away yet, see `deleteAfterSeconds`. */
  failed: number
  /** Since when the longest waiting one is due; null when nothing is due. */
  oldestDueAt: Date | null
}

type Row = Omit<QueueDepth, 'oldestDueAt'> & { oldest_due_at: Date | null }

const OF_A_TENANT: readonly JobName[] = ['sync-tenant', 'verify-tenant', 'run-job']

/** How much of each kind waits, runs and has failed. Counted from an index of unfinished jobs, however many are done. */
export async function queueDepth({ boss }: Jobs): Promise<QueueDepth[]> {
  const { rows } = await boss.getDb().executeSql(
    `select name,
       count(*) filter (where state < 'active' and start_after <= now())::int as ready,
       count(*) filter (where state < 'active' and start_after > now())::int as deferred,
       count(*) filter (where state = 'active')::int as active,
       count(*) filter (where state = 'failed')::int as failed,
       min(start_after) filter (where state < 'active' and start_after <= now()) as oldest_due_at
     from ${SCHEMA}.job
     where name = any($1) and state in ('created', 'retry', 'active', 'failed')
     group by name`,
    [[...JOB_NAMES, DEAD_LETTER]],
  )
  const found = new Map<string, Row>((rows as Row[]).map((row) => [row.name, row]))
  return [...JOB_NAMES, DEAD_LETTER].map((name) => {
    const { ready = 0, deferred = 0, active = 0, failed = 0, oldest_due_at = null } = found.get(name) ?? {}
    return { name, ready, deferred, active, failed, oldestDueAt: oldest_due_at && new Date(oldest_due_at) }
  }) as QueueDepth[]
}

/** How much was given up. */
export const givenUpIn = (queue: readonly QueueDepth[]): number =>
  queue.find(({ name }) => name === DEAD_LETTER)?.ready ?? 0

/** A piece of work that some worker does at this moment. */
export type JobUnderWay = {
  name: JobName
  tenantId: TenantId | null
  /** Which of the app's own jobs, where it is one. */
  job: string | null
  /** So often it was tried before. */
  attempt: number
  beganAt: Date
}

type UnderWayRow = {
  name: JobName
  data: { tenantId?: TenantId; job?: string } | null
  retry_count: number
  started_on: Date
}

/** What has been going on for longest first. */
export async function listUnderWay({ boss }: Jobs, { limit }: { limit: number }): Promise<JobUnderWay[]> {
  const { rows } = await boss.getDb().executeSql(
    `select name, data, retry_count, started_on from ${SCHEMA}.job
     where name = any($1) and state = 'active' order by started_on, id limit $2`,
    [JOB_NAMES, limit],
  )
  return (rows as UnderWayRow[]).map(({ name, data, retry_count, started_on }) => ({
    name,
    tenantId: data?.tenantId ?? null,
    job: data?.job ?? null,
    attempt: retry_count,
    beganAt: new Date(started_on),
  }))
}

/**
 * Which work is being done: names with their keys, see `keyOf`.
 * @param options.waiting of these keys also what is in the queue for now or for later
 */
export async function workUnderWay(
  { boss }: Jobs,
  { waiting = [] }: { waiting?: readonly string[] } = {},
): Promise<ReadonlySet<string>> {
  const { rows } = await boss.getDb().executeSql(
    `select name || ' ' || singleton_key as work from ${SCHEMA}.job
     where name = any($1) and (state = 'active' or state in ('created', 'retry') and singleton_key = any($2))`,
    [JOB_NAMES, waiting],
  )
  return new Set((rows as { work: string }[]).map(({ work }) => work))
}

/**
 * Takes everything that waits for a tenant out of the queue. What runs already ends by itself. It is found by its key, in
 * pg-boss’s index of what waits: what has ended is many times more.
 */
export async function cancelJobsOf({ boss }: Jobs, tenantId: TenantId): Promise<void> {
  const { from, below } = keysOf(tenantId)
  await boss.getDb().executeSql(
    `update ${SCHEMA}.job set state = 'cancelled', completed_on = ${SCHEMA}.job_now()
     where name = any($1) and state < 'active' and singleton_key >= $2 and singleton_key < $3`,
    [OF_A_TENANT, from, below],
  )
}
