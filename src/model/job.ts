import type { BatchItem, BatchOutcome } from '#model/batch.ts'
import type { PermissionName } from '#model/graph-permissions.ts'
import type { DirectoryResource, ResourceKind } from '#model/resource.ts'
import type { Schedule } from '#model/schedule.ts'
import type { Tenant } from '#model/tenant.ts'

/** The job that reads tenants’ directories; it is built in. */
export const DIRECTORY_SYNC = 'sync-tenant'
/** Names that a job of one's own cannot have: what is built in is called so in commands, in the queue and in figures. */
export const BUILT_IN_JOBS: readonly string[] = [
  DIRECTORY_SYNC,
  'print-users',
  'verify-tenant',
  'run-job',
  'watch',
  'plan-jobs',
  'tidy',
]

/**
 * A job of the ISV's own: what is done in every tenant, when, and what it takes.
 * @typeParam Client Microsoft's Graph client; this room does not know it
 */
export type JobDefinition<Client = unknown> = {
  /** In kebab-case, such as licence-report. It names the job in the queue, in the log and on the command line. */
  name: string
  /** `{ everyMinutes: 60 }`, or a cron expression in UTC such as '0 3 * * *'. Tenants are spread, see docs/jobs.md. */
  schedule: Schedule
  /** Application permissions that a run needs; each of them one that the app declares. */
  permissions: readonly PermissionName[]
  /** A run that takes longer is told to stop, and then given up; 60 unless told, 660 at most. */
  timeoutMinutes?: number
  /** Does the work in one tenant. It awaits everything that it begins, and is safe to repeat. */
  run(context: JobRun<Client>): Promise<void>
}

/** What one run of a job is given; all of it confined to the tenant. */
export type JobRun<Client = unknown> = {
  tenant: Tenant
  /** Microsoft's own Graph client, as the app, in this tenant and no other. */
  graph: Client
  /** Many requests to Graph in few: up to twenty in each, what is refused is asked again, and each has an outcome. */
  batch(items: readonly BatchItem[]): Promise<BatchOutcome[]>
  db: JobDatabase
  log: JobLog
  /** One line of text that operators see while the run goes on, and afterwards. */
  progress(text: string): Promise<void>
  /** Aborted when the process stops, when the time is over, or when the job was given to another worker. */
  signal: AbortSignal
  checkpoint: Checkpoint
}

/** Where this job has come to in this tenant: it outlives the run, whether that ends well, badly or not at all. */
export type Checkpoint = {
  /** What was saved last; null when nothing was. */
  load<Value = unknown>(): Promise<Value | null>
  /** Keeps a value that JSON can hold; null forgets. */
  save(value: unknown): Promise<void>
}

export type JobDatabase = {
  /**
   * Runs `work` in one transaction. PostgreSQL lets it see and touch rows of this tenant only, and refuses it once the
   * run was given to another worker. An exception rolls everything back. Within it only what `work` is given may be
   * used; anything else of the run's is refused with TRANSACTION_MISUSED.
   */
  transaction<Value>(work: (sql: JobSql) => Promise<Value>): Promise<Value>
  /**
   * What the directory sync has stored of one kind, in the order of their ids.
   * @throws Problem RESOURCE_UNKNOWN for a kind that the app does not read
   */
  resources(kind: ResourceKind): AsyncGenerator<DirectoryResource>
  /**
   * When that kind was last read to its end in this tenant; null: not yet, so that `resources` gives what has come so far.
   * @throws Problem RESOURCE_UNKNOWN for a kind that the app does not read
   */
  readAt(kind: ResourceKind): Promise<Date | null>
}

/** A transaction that is confined to one tenant; of no use once it has ended. */
export type JobSql = {
  /** One SELECT, INSERT, UPDATE, DELETE or MERGE, with $1, $2 for its parameters. Rows come as JSON holds them. */
  query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]>
  /** Saved with the rows, or not at all. */
  saveCheckpoint(value: unknown): Promise<void>
}

type Write = { (text: string): void; (fields: Readonly<Record<string, unknown>>, text: string): void }
/** Lines that carry the tenant, the job and the run. */
export type JobLog = Record<'debug' | 'info' | 'warn' | 'error', Write>

/** An app's own jobs by their name. */
export const findJob = (jobs: readonly JobDefinition[] | undefined, name: string): JobDefinition | null =>
  jobs?.find((job) => job.name === name) ?? null
