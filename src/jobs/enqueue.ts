import { fromKysely } from 'pg-boss'
import type { JobName, JobPayloads } from '#jobs/names.ts'
import type { Jobs } from '#jobs/open.ts'
import type { AnySql } from '#store/open.ts'

/**
 * Adds a job in the caller's transaction: the fact and the job that follows from it are saved together, or not at all.
 * @returns false when the same work for the same tenant is waiting already
 */
export async function enqueue<Name extends JobName>(
  { boss }: Jobs,
  { db }: AnySql,
  name: Name,
  payload: JobPayloads[Name],
  { startAfter }: { startAfter?: Date } = {},
): Promise<boolean> {
  const key = 'tenantId' in payload ? String(payload.tenantId) : name
  const id = await boss.send(name, payload, {
    db: fromKysely(db),
    singletonKey: key,
    ...(startAfter ? { startAfter } : {}),
  })
  return id !== null
}
