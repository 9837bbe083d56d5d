import type { Aside } from '#base/places.ts'
import type { TenantId } from '#model/ids.ts'

/** Every kind of job and what it carries: ids, never a copy of a record. */
export type JobPayloads = {
  'sync-tenant': { tenantId: TenantId }
  'verify-tenant': { tenantId: TenantId }
  'run-job': { tenantId: TenantId; job: string }
  watch: Record<string, never>
  'plan-jobs': Record<string, never>
  tidy: Record<string, never>
}
export type JobName = keyof JobPayloads

export type JobContext = {
  /** Aborted when the process stops, or when the job has lost its place in the queue. */
  signal: AbortSignal
  jobId: string
  /** What it was put into the queue under; `keyOf` its payload, unless somebody has tampered with one of them. */
  key: string | null
  /** 0 on the first try. */
  attempt: number
  /** From here on it only waits for its end to be written, and another job is done in its place. */
  leave(): void
  /** For pauses: another job is done in this one's place meanwhile. */
  aside: Aside
  /** The same for what has to be there before the work can begin, and is asked of the database for many jobs at once. */
  prepare: Aside
}

/** Does one kind of job; awaits everything it begins and is safe to repeat. */
export type Task<Name extends JobName> = ((payload: JobPayloads[Name], context: JobContext) => Promise<void>) & {
  /** It begins with `prepare`, and needs no place before that is done. */
  prepares?: boolean
  /** Whether it is left to other processes for now. */
  isLeft?: () => boolean
}

/** Which function does which kind of job. */
export type TaskTable = { [Name in JobName]: Task<Name> }

type QueueSettings = {
  /** `stately`: for each key one waits and one runs. */
  policy: 'stately'
  retryLimit: number
  retryDelay: number
  retryBackoff: boolean
  retryDelayMax: number
  /** A worker that says nothing for so long is dead, and its job goes to another. */
  heartbeatSeconds: number
  expireInSeconds: number
  /** So long after its end a job is cleared away. */
  deleteAfterSeconds: number
  deadLetter?: string
}

const HOUR_SECONDS = 3_600
const base: QueueSettings = {
  policy: 'stately',
  retryLimit: 5,
  retryDelay: 15,
  retryBackoff: true,
  retryDelayMax: 900,
  heartbeatSeconds: 20,
  expireInSeconds: 12 * HOUR_SECONDS,
  // Runs and dead letters tell what became of it. Left alone, pg-boss keeps it for a week: millions, of a large fleet.
  deleteAfterSeconds: 6 * HOUR_SECONDS,
}

/** Jobs that failed on every try end here, with their payload and the last error. */
export const DEAD_LETTER = 'dead-letter'

export const QUEUES: Record<JobName, QueueSettings> = {
  'sync-tenant': { ...base, deadLetter: DEAD_LETTER },
  'verify-tenant': { ...base, deadLetter: DEAD_LETTER },
  'run-job': { ...base, deadLetter: DEAD_LETTER },
  watch: { ...base, retryLimit: 0, expireInSeconds: 300 },
  'plan-jobs': { ...base, retryLimit: 0, expireInSeconds: 300 },
  tidy: { ...base, retryLimit: 0, expireInSeconds: 300 },
}
/** Of the same key one waits and one runs: the tenant, the tenant and its job, or the work of the daemon itself. */
export function keyOf<Name extends JobName>(name: Name, payload: JobPayloads[Name]): string {
  if ('job' in payload) return `${payload.tenantId}/${payload.job}`
  return 'tenantId' in payload ? String(payload.tenantId) : name
}

/**
 * Between these lie all keys of a tenant and nobody else’s, in whatever language the database sorts: most have the backslash
 * right after the slash, Thai goes by the letters behind them. Without it, Hungarian would read `dz` as a letter of its own.
 */
export const keysOf = (tenantId: TenantId): { from: string; below: string } => ({
  from: tenantId,
  below: `${tenantId}\\${'z'.repeat(100)}`,
})

/** What earlier releases had; nobody works it off any more. */
export const GONE_QUEUES: readonly string[] = ['plan-syncs']

export const JOB_NAMES = Object.keys(QUEUES) as JobName[]
