import { fromKysely } from 'pg-boss'
import { ring } from '#jobs/bell.ts'
import { type JobName, type JobPayloads, keyOf } from '#jobs/names.ts'
import type { Jobs } from '#jobs/open.ts'
import type { AnySql } from '#store/database/open.ts'

/**
 * Adds a job in the caller's transaction: the fact and the job that follows from it are saved together, or not at all.
 * @param input.inMilliseconds when it is due, by the database's clock, which all workers go by: this machine's own may be wrong
 * @returns false when the same work for the same tenant is waiting already
 */
export async function enqueue<Name extends JobName>(
  { boss, store }: Jobs,
  sql: AnySql,
  name: Name,
  payload: JobPayloads[Name],
  { inMilliseconds = 0 }: { inMilliseconds?: number } = {},
): Promise<boolean> {
  const later = inMilliseconds > 0
  const turned = store.clock.turnedMilliseconds?.() ?? 0
  const id = await boss.send(name, payload, {
    db: fromKysely(sql.db),
    singletonKey: keyOf(name, payload),
    ...(later ? { startAfter: Math.ceil(inMilliseconds + turned) / 1_000 } : {}),
  })
  if (id !== null && !later) await ring(sql, name)
  return id !== null
}

/** Adds many jobs of a kind in one statement of the caller's transaction; what waits already is not added again. */
export async function enqueueAll<Name extends JobName>(
  { boss }: Jobs,
  sql: AnySql,
  name: Name,
  payloads: readonly JobPayloads[Name][],
): Promise<void> {
  if (payloads.length === 0) return
  await boss.insert(
    name,
    payloads.map((data) => ({ data, singletonKey: keyOf(name, data) })),
    { db: fromKysely(sql.db) },
  )
  await ring(sql, name)
}
