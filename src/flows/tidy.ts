import { findOverlooked } from '#flows/plan-jobs.ts'
import { asFleet } from '#store/open.ts'
import { removeExpiredSignUps } from '#store/sign-ups.ts'
import { interruptRuns } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

const HOUR = 3_600_000
/** No run takes as long as this; one that still says so belonged to a process that died. */
const LONGEST_RUN_HOURS = 12

/**
 * Clears away what time has settled: sign-ups that were never finished, runs whose process died. Finds tenants that a job
 * has overlooked.
 */
export async function tidy(tools: Pick<Tools, 'store' | 'clock' | 'config' | 'jobs'>): Promise<void> {
  const { store, clock } = tools
  const now = clock.now()
  await asFleet(store, async (sql) => {
    await removeExpiredSignUps(sql)
    await interruptRuns(sql, { startedBefore: new Date(now.getTime() - LONGEST_RUN_HOURS * HOUR) })
  })
  await findOverlooked(tools)
}
