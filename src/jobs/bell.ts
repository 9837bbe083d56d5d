import { type Db, fromKysely, type PgBoss } from 'pg-boss'
import type { Log } from '#base/log.ts'
import type { JobName } from '#jobs/names.ts'
import type { AnySql } from '#store/database/open.ts'

/**
 * Rings as soon as a job was added, so that it need not wait until somebody looks. It is a hint and no more: whoever has
 * not heard it finds the job when he looks the next time.
 */
export type Bell = {
  /** Resolves when it rings for such a job, or when nobody waits for that any more. */
  rung(name: JobName, enough: AbortSignal): Promise<void>
  close(): Promise<void>
}

export const CHANNEL = 'tenantry_jobs'

/** Rings once the caller's transaction is committed. */
export const ring = async ({ db }: AnySql, name: JobName): Promise<void> => {
  await fromKysely(db).executeSql('select pg_notify($1, $2)', [CHANNEL, name])
}

/** It keeps a connection of its own, and takes a new one when that is lost; without one it is silent. */
export async function openBell(boss: PgBoss, log: Log): Promise<Bell> {
  const waiting = new Map<JobName, Set<() => void>>()
  const tell = (name: JobName) => {
    for (const hear of waiting.get(name) ?? []) hear()
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
    rung: (name, enough) =>
      new Promise((resolve) => {
        const listeners = waiting.get(name) ?? new Set()
        const hear = () => {
          listeners.delete(hear)
          enough.removeEventListener('abort', hear)
          resolve()
        }
        waiting.set(name, listeners.add(hear))
        enough.addEventListener('abort', hear)
      }),
    // A database that is closed already tells nothing any more.
    close: async () => listening?.close().catch(() => {}),
  }
}
