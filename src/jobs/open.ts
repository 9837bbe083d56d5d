import { fromPglite, PgBoss } from 'pg-boss'
import type { Log } from '#base/log.ts'
import { type Bell, openBell } from '#jobs/bell.ts'
import { DEAD_LETTER, GONE_QUEUES, JOB_NAMES, QUEUES } from '#jobs/names.ts'
import { attentiveClient } from '#store/database/attentive-client.ts'
import type { Store } from '#store/database/open.ts'
import { useBySql } from '#store/database/queue-rights.ts'

/** The durable queue, in the same database as everything else. */
export type Jobs = {
  boss: PgBoss
  store: Store
  log: Log
  /** Null where no jobs are done. */
  bell: Bell | null
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export const SCHEMA = 'pgboss'

/** Left alone, pg-boss throws away after two weeks what nobody has looked at. */
const KEPT_SECONDS = 10 * 365 * 86_400

/**
 * @param input.work whether this process also looks after the queue: schedules, retries of dead workers' jobs, clean-up
 * @param input.migrate whether the queue's own schema may be created or changed
 */
export async function openJobs({
  store,
  log,
  work,
  migrate,
}: {
  store: Store
  log: Log
  work: boolean
  migrate: boolean
}): Promise<Jobs> {
  const server = {
    connectionString: store.databaseUrl ?? '',
    application_name: 'tenantry-jobs',
    // These are not among pg-boss's own options, but given to `pg` like all that it does not know.
    Client: attentiveClient(store.silenceMilliseconds),
    idle_in_transaction_session_timeout: store.silenceMilliseconds,
  }
  const boss = new PgBoss({
    ...(store.pglite ? { db: fromPglite(store.pglite), backend: 'pglite' as const } : server),
    schema: SCHEMA,
    migrate,
    createSchema: migrate,
    supervise: work,
    schedule: work,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 15,
    cronMonitorIntervalSeconds: 15,
    cronWorkerIntervalSeconds: 5,
    registerInstance: work,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue had trouble'))
  await boss.start()
  if (migrate) await prepareQueues(boss, store)
  const bell = work ? await openBell(boss, log) : null
  const close = async () => {
    await bell?.close()
    await boss.stop({ graceful: false })
  }
  return { boss, store, log, bell, close, [Symbol.asyncDispose]: close }
}

async function prepareQueues(boss: PgBoss, store: Store): Promise<void> {
  await boss.createQueue(DEAD_LETTER)
  await boss.updateQueue(DEAD_LETTER, { retentionSeconds: KEPT_SECONDS })
  for (const name of JOB_NAMES) {
    const { policy, ...changeable } = QUEUES[name]
    await boss.createQueue(name, { policy, ...changeable })
    await boss.updateQueue(name, changeable)
  }
  // Its schedule and its jobs go with it.
  for (const name of GONE_QUEUES) await boss.deleteQueue(name)
  await boss.schedule('watch', '* * * * *', {}, { singletonKey: 'watch' })
  await boss.schedule('plan-jobs', '* * * * *', {}, { singletonKey: 'plan-jobs' })
  await boss.schedule('tidy', '7 * * * *', {}, { singletonKey: 'tidy' })
  await useBySql(store, { schema: SCHEMA, jobTable: 'job_common' })
}
