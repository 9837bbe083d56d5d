import { type Db, fromKysely, type PgBoss } from 'pg-boss'
import type { Log } from '#base/log.ts'
import type { JobName } from '#jobs/names.ts'
import type { AnySql } from '#store/open.ts'

/**
 * Rings as soon as a job was added, so that it need not wait until somebody looks. It is a hint and no more: whoever has
 * not heard it finds the job when he looks the next time.
 */
export type Bell = {
  /** Resolves when it rings for such a job. */
  rung(name: JobName): Promise<void>
  close(): Promise<void>
}

const CHANNEL = 'tenantry_jobs'

/** Rings once the caller's transaction is committed. */
export const ring = async ({ db }: AnySql, name: JobName): Promise<void> => {
  await fromKysely(db).executeSql('select pg_notify($1, $2)', [CHANNEL, name])
}

/** It keeps a connection of its own, and takes a new one when that is lost; without one it is silent. */
export async function openBell(boss: PgBoss, log: Log): Promise<Bell> {
  const waiting = new Map<JobName, PromiseWithResolvers<void>>()
  const tell = (name: JobName) => {
    waiting.get(name)?.resolve()
    waiting.delete(name)
  }
  const database: Db = boss.getDb()
  const listening = await database
    .listen?.(
      CHANNEL,
      (name) => tell(name as JobName),
      () => {
        for (const name of waiting.keys()) tell(name)
      },
    )
    .catch((error: unknown) => log.warn({ err: error }, 'new jobs are not heard of, only looked for'))
  return {
    rung(name) {
      const wait = waiting.get(name) ?? Promise.withResolvers<void>()
      waiting.set(name, wait)
      return wait.promise
    },
    // A database that is closed already tells nothing any more.
    close: async () => listening?.close().catch(() => {}),
  }
}
