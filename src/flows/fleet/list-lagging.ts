import { waitingReadings } from '#jobs/waiting-readings.ts'
import type { TenantId } from '#model/ids.ts'
import { nextTryAt } from '#model/next-try.ts'
import type { ProblemCode } from '#model/problem.ts'
import type { TenantState } from '#model/tenant.ts'
import { asFleet } from '#store/database/open.ts'
import { type LaggingTenant, syncLag } from '#store/sync-lag.ts'
import type { Tools } from '#tools.ts'

/** A tenant that has not been read for long. */
export type Lagging = {
  id: TenantId
  displayName: string
  state: TenantState
  lagSeconds: number
  /** Null: never read to the end. */
  readAt: Date | null
  /** When it is to be read next, or was to be: what has passed waits for a worker. */
  dueAt: Date | null
  /** Why its latest run failed, or was put off by Microsoft. */
  code: ProblemCode | null
}

/** The tenants that have not been read for longest, the longest first. */
export const listLagging = async (
  tools: Pick<Tools, 'store' | 'jobs' | 'config'>,
  { limit }: { limit: number },
): Promise<Lagging[]> => laggingOf(tools, (await asFleet(tools.store, (sql) => syncLag(sql, { worst: limit }))).worst)

/** With what the configuration tells of their turns, and what waits in the queue. */
export async function laggingOf(
  { jobs, config }: Pick<Tools, 'jobs' | 'config'>,
  worst: readonly LaggingTenant[],
): Promise<Lagging[]> {
  const waiting = await waitingReadings(
    jobs,
    worst.map(({ id }) => id),
  )
  return worst.map((tenant) => {
    const { id, displayName, state, lagSeconds, readAt, code } = tenant
    return { id, displayName, state, lagSeconds, readAt, code, dueAt: nextTryAt(tenant, tenant, waiting(id), config) }
  })
}
