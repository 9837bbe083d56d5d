import { tryAll } from '#base/try-all.ts'
import { findOverlooked } from '#flows/queue/plan-jobs.ts'
import { finishOffboarding } from '#flows/tenants/offboard-tenant.ts'
import { workUnderWay } from '#jobs/inspect.ts'
import { keyOf } from '#jobs/names.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { removeOldRefusals } from '#store/audit.ts'
import { asFleet } from '#store/open.ts'
import { removeExpiredSignUps } from '#store/sign-ups.ts'
import { interruptRuns, listOldRuns, removeOldRuns } from '#store/sync-runs.ts'
import { listTenants } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'config' | 'jobs'>

/** A run that says so for longer belonged to a process that died, unless somebody is at it: a giant’s goes on in many slices. */
const LONGEST_RUN_HOURS = 12

/** So many runs are removed in one transaction, which holds nobody up. */
const RUNS_AT_A_TIME = 5_000

/**
 * Clears away what time has settled: sign-ups that were never finished, refusals and runs of long ago, runs whose process
 * died, ends of tenants that were broken off. Finds tenants that a job has overlooked.
 */
export async function tidy(tools: Needs): Promise<void> {
  await asFleet(tools.store, removeExpiredSignUps)
  await asFleet(tools.store, removeOldRefusals)
  await interruptDeadRuns(tools)
  for (let removed = RUNS_AT_A_TIME; removed === RUNS_AT_A_TIME; )
    removed = await asFleet(tools.store, (sql) => removeOldRuns(sql, { limit: RUNS_AT_A_TIME }))
  await findOverlooked(tools)
  await finishBrokenOff(tools)
}

async function interruptDeadRuns({ store, jobs }: Needs): Promise<void> {
  const old = await asFleet(store, (sql) => listOldRuns(sql, { hours: LONGEST_RUN_HOURS }))
  if (old.length === 0) return
  const underWay = await workUnderWay(jobs)
  const dead = old.filter(({ tenantId, job }) =>
    job === DIRECTORY_SYNC
      ? !underWay.has(`sync-tenant ${keyOf('sync-tenant', { tenantId })}`)
      : !underWay.has(`run-job ${keyOf('run-job', { tenantId, job })}`),
  )
  const ids = dead.map(({ id }) => id)
  await asFleet(store, (sql) => interruptRuns(sql, ids))
}

/** An end that was begun is gone through with, whoever began it and died. One that fails stops none of the others. */
async function finishBrokenOff(tools: Needs): Promise<void> {
  const ending = await asFleet(tools.store, (sql) => listTenants(sql, { state: 'offboarding' }))
  await tryAll(ending, ({ id }) =>
    finishOffboarding(tools, { tenantId: id, actor: 'daemon', reason: 'It had been begun.' }),
  )
}
