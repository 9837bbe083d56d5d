import { enqueue } from '#jobs/enqueue.ts'
import type { JobName, JobPayloads } from '#jobs/names.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

const HELD_MILLISECONDS = 15 * 60_000

/** Puts work that an incident holds back into the queue, for a look again later. */
export async function putOff<Name extends JobName>(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  name: Name,
  payload: JobPayloads[Name],
): Promise<void> {
  await asFleet(store, (sql) => enqueue(jobs, sql, name, payload, { inMilliseconds: HELD_MILLISECONDS }))
}

/** Leaves work to other processes, which may begin it at once. */
export async function giveBack<Name extends JobName>(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  name: Name,
  payload: JobPayloads[Name],
): Promise<void> {
  await asFleet(store, (sql) => enqueue(jobs, sql, name, payload))
}
