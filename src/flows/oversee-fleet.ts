import { type QueueDepth, queueDepth } from '#jobs/inspect.ts'
import type { TenantState } from '#model/tenant.ts'
import { asFleet } from '#store/open.ts'
import { type RunFigures, runFigures } from '#store/run-figures.ts'
import { countTenantsByState } from '#store/tenants.ts'
import { listTroubles, type Trouble } from '#store/troubles.ts'
import type { Tools } from '#tools.ts'

const DAY_HOURS = 24

export type Fleet = {
  /** When this was looked at. */
  at: Date
  byState: Partial<Record<TenantState, number>>
  troubles: readonly Trouble[]
  /** Of the last 24 hours. */
  runs: RunFigures
  queue: readonly QueueDepth[]
}

/** How all tenants together are, for whoever looks after them. */
export async function overseeFleet({ store, jobs, clock }: Pick<Tools, 'store' | 'jobs' | 'clock'>): Promise<Fleet> {
  const at = clock.now()
  const queue = await queueDepth(jobs)
  return asFleet(store, async (sql) => ({
    at,
    byState: await countTenantsByState(sql),
    troubles: await listTroubles(sql),
    runs: await runFigures(sql, { hours: DAY_HOURS }),
    queue,
  }))
}
