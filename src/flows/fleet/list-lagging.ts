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
  /** When its next turn is, or was: one that has passed waits for a worker. */
  dueAt: Date | null
  /** Why its latest run failed, if it did. */
  code: ProblemCode | null
}

/** The tenants that have not been read for longest, the longest first. */
export const listLagging = async (
  { store, config }: Pick<Tools, 'store' | 'config'>,
  { limit }: { limit: number },
): Promise<Lagging[]> => laggingOf((await asFleet(store, (sql) => syncLag(sql, { worst: limit }))).worst, config)

/** With what the configuration tells of their turns. */
export const laggingOf = (
  worst: readonly LaggingTenant[],
  config: Pick<Tools['config'], 'syncEveryMinutes'>,
): Lagging[] =>
  worst.map((tenant) => {
    const { id, displayName, state, lagSeconds, readAt, code } = tenant
    return { id, displayName, state, lagSeconds, readAt, code, dueAt: nextTryAt(tenant, tenant, config) }
  })
