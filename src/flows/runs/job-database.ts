import { refuseWithinTransaction, withinTransaction } from '#flows/runs/job-transaction.ts'
import { readStored, whenRead } from '#flows/runs/read-stored.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import type { Checkpoint, JobDatabase } from '#model/job.ts'
import { runStatement } from '#store/database/author-sql.ts'
import { asAuthor, asTenant, type TenantSql } from '#store/database/open.ts'
import { loadCheckpoint, saveCheckpoint } from '#store/job-checkpoints.ts'
import { holdRun, recordGettingOn } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

type Run = Pick<Tools, 'store' | 'config'> & {
  tenantId: TenantId
  job: string
  runId: RunId
  /** Aborted when the run is over, however it ended. */
  over: AbortSignal
}

/** Writes only while the run is ours: a worker that was fenced off changes nothing any more. */
const whileOurs = <Value>({ store, tenantId, runId }: Run, work: (sql: TenantSql) => Promise<Value>): Promise<Value> =>
  asTenant(store, tenantId, async (sql) => {
    await holdRun(sql, runId)
    return work(sql)
  })

/** A checkpoint is how a job that begins anew after each pause of Graph’s gets on. */
async function saveAndGetOn(sql: TenantSql, { job, runId }: Run, value: unknown): Promise<void> {
  await saveCheckpoint(sql, job, value)
  await recordGettingOn(sql, runId)
}

/** The database as one run of a job sees it: one tenant's rows, and what was read of its directory. */
export function jobDatabase(run: Run): JobDatabase {
  const { store, tenantId, runId, over } = run
  const { clock, silenceMilliseconds } = store
  return {
    async transaction(work) {
      refuseWithinTransaction('`db.transaction`')
      const ofTheDatabase = new Set<unknown>()
      const note = (error: unknown): never => {
        ofTheDatabase.add(error)
        throw error
      }
      let own: { error: unknown } | null = null
      try {
        return await asAuthor(store, tenantId, async (sql) => {
          await holdRun(sql, runId)
          try {
            return await withinTransaction({ clock, silenceMilliseconds, over }, (ask) =>
              work({
                query: <Row>(text: string, parameters?: readonly unknown[]) =>
                  ask(() => runStatement<Row>(sql, text, parameters).catch(note)),
                saveCheckpoint: (value) => ask(() => saveAndGetOn(sql, run, value).catch(note)),
              }),
            )
          } catch (error) {
            if (!ofTheDatabase.has(error)) own = { error }
            throw error
          }
        })
      } catch (error) {
        // Somebody else’s server that refuses a connection is not our database.
        throw own ? (own as { error: unknown }).error : error
      }
    },
    async readAt(kind) {
      refuseWithinTransaction('`db.readAt`')
      return whenRead(run, { tenantId, kind })
    },
    resources: (kind) =>
      readStored(run, { tenantId, kind }, { before: () => refuseWithinTransaction('`db.resources`') }),
  }
}

export function jobCheckpoint(run: Run): Checkpoint {
  const { store, tenantId, job } = run
  return {
    async load<Value>() {
      refuseWithinTransaction('`checkpoint.load`')
      return (await asTenant(store, tenantId, (sql) => loadCheckpoint(sql, job))) as Value | null
    },
    async save(value) {
      refuseWithinTransaction('`checkpoint.save`')
      await whileOurs(run, (sql) => saveAndGetOn(sql, run, value))
    },
  }
}
