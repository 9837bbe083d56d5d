import { enqueue } from '#jobs/enqueue.ts'
import type { JobName, JobPayloads } from '#jobs/names.ts'
import { asFleet } from '#store/database/open.ts'
import { listPlanned } from '#store/job-schedules.ts'
import type { Tools } from '#tools.ts'

const HELD_MILLISECONDS = 15 * 60_000
const UNKNOWN_MILLISECONDS = 10_000

/** Puts work that an incident holds back into the queue, for a look again later. */
export async function putOff<Name extends JobName>(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  name: Name,
  payload: JobPayloads[Name],
): Promise<void> {
  await asFleet(store, (sql) => enqueue(jobs, sql, name, payload, { inMilliseconds: HELD_MILLISECONDS }))
}

/**
 * Leaves a job that this process does not know to one that does: while processes are started anew with another configuration,
 * some have it and some have not.
 * @returns false when nobody has it: it is planned for no tenant
 */
export async function leaveToWhoKnows(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  payload: JobPayloads['run-job'],
): Promise<boolean> {
  return asFleet(store, async (sql) => {
    const isPlanned = (await listPlanned(sql)).some(({ job }) => job === payload.job)
    if (isPlanned) await enqueue(jobs, sql, 'run-job', payload, { inMilliseconds: UNKNOWN_MILLISECONDS })
    return isPlanned
  })
}

/** Leaves work to other processes, which may begin it at once. */
export async function giveBack<Name extends JobName>(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  name: Name,
  payload: JobPayloads[Name],
): Promise<void> {
  await asFleet(store, (sql) => enqueue(jobs, sql, name, payload))
}
