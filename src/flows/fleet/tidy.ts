import { tryAll } from '#base/try-all.ts'
import { findOverlooked } from '#flows/queue/plan-jobs.ts'
import { finishOffboarding } from '#flows/tenants/offboard-tenant.ts'
import { removeOldRefusals } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { removeExpiredSignUps } from '#store/sign-ups.ts'
import { type OldRunsMark, removeOldRuns } from '#store/sync-runs.ts'
import { listTenants } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'config' | 'jobs'>

/** So many runs are looked at in one transaction, which holds nobody up. */
const RUNS_AT_A_TIME = 5_000

/**
 * Clears away what time has settled: sign-ups that were never finished, refusals and runs of long ago, ends of
 * tenants that were broken off. Finds tenants that a job has overlooked.
 */
export async function tidy(tools: Needs): Promise<void> {
  await asFleet(tools.store, removeExpiredSignUps)
  await asFleet(tools.store, removeOldRefusals)
  await clearOldRuns(tools)
  await findOverlooked(tools)
  await finishBrokenOff(tools)
}

async function clearOldRuns({ store }: Needs): Promise<void> {
  let after: OldRunsMark | null = null
  do
    after = await asFleet(
      store,
      (sql): Promise<OldRunsMark | null> => removeOldRuns(sql, { limit: RUNS_AT_A_TIME, after }),
    )
  while (after !== null)
}

/** An end that was begun is gone through with, whoever began it and died. One that fails stops none of the others. */
async function finishBrokenOff(tools: Needs): Promise<void> {
  const ending = await asFleet(tools.store, (sql) => listTenants(sql, { state: 'offboarding' }))
  await tryAll(ending, ({ id }) =>
    finishOffboarding(tools, { tenantId: id, actor: 'daemon', reason: 'It had been begun.' }),
  )
}
