import { keepLastDeadLetters, listDeadLetters, removeDeadLetters } from '#jobs/dead-letters.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { asFleet } from '#store/database/open.ts'
import { haveSucceeded } from '#store/sync-runs.ts'
import { offboardedOf } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const AT_MOST = 10_000

/**
 * What was given up and has succeeded since, by its next turn or by hand, is nobody’s trouble any more, nor is what was to be
 * done for a tenant that has ended; and of the same work one letter is enough. A tenant that has been read has been verified, too.
 */
export async function forgetDeadLetters({ jobs, store }: Pick<Tools, 'jobs' | 'store'>): Promise<void> {
  const letters = await listDeadLetters(jobs, { limit: AT_MOST })
  if (letters.length === 0) return
  const wanted = letters.flatMap(({ id, tenantId, job, diedAt }) =>
    tenantId ? [{ id, tenantId, job: job ?? DIRECTORY_SYNC, since: diedAt }] : [],
  )
  const settled = await asFleet(store, async (sql) => {
    const ended = await offboardedOf(sql, [...new Set(wanted.map(({ tenantId }) => tenantId))])
    const ofEnded = wanted.filter(({ tenantId }) => ended.includes(tenantId)).map(({ id }) => id)
    return [...ofEnded, ...(await haveSucceeded(sql, wanted))]
  })
  await removeDeadLetters(jobs, [...new Set(settled)])
  await keepLastDeadLetters(jobs)
}
