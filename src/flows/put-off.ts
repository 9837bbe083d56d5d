import { enqueue } from '#jobs/enqueue.ts'
import type { JobName, JobPayloads } from '#jobs/names.ts'
import { asFleet } from '#store/open.ts'
import type { Tools } from '#tools.ts'

const HELD_MILLISECONDS = 15 * 60_000

/** Puts work back into the queue: while an incident holds it for a look again later, or for another process at once. */
export async function putOff<Name extends JobName>(
  { store, jobs, clock }: Pick<Tools, 'store' | 'jobs' | 'clock'>,
  name: Name,
  payload: JobPayloads[Name],
  { milliseconds = HELD_MILLISECONDS }: { milliseconds?: number } = {},
): Promise<void> {
  const startAfter = new Date(clock.now().getTime() + milliseconds)
  await asFleet(store, (sql) => enqueue(jobs, sql, name, payload, { startAfter }))
}
