import { enqueueAll } from '#jobs/enqueue.ts'
import type { Tenant } from '#model/tenant.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { asFleet } from '#store/open.ts'
import { takeTenantsDue } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Whoever comes back later signs up again, or is verified by an operator. */
const ASKED_FOR_DAYS = 30
const AT_A_TIME = 1_000

/**
 * A revoked tenant is asked once a day whether it is back, for a month, and otherwise left alone. Costs what is due costs,
 * not what is registered.
 */
export async function askRevoked({ store, jobs, clock }: Pick<Tools, 'store' | 'jobs' | 'clock'>): Promise<void> {
  const ago = (days: number) => new Date(clock.now().getTime() - days * DAY)
  const due = { states: ['revoked'] as const, lastTriedBefore: ago(1), changedAfter: ago(ASKED_FOR_DAYS) }
  for (;;) {
    const taken = await asFleet(store, async (sql) => {
      const tenantIds = await takeTenantsDue(sql, { ...due, limit: AT_A_TIME })
      await enqueueAll(
        jobs,
        sql,
        'verify-tenant',
        tenantIds.map((tenantId) => ({ tenantId })),
      )
      return tenantIds.length
    })
    if (taken < AT_A_TIME) return
  }
}

/** What a tenant’s next try is told from; each null where there is none. */
export type Tries = { triedAt: Date | null; restUntil: Date | null; dueAt: Date | null }

/** When the daemon asks Microsoft about a tenant next by itself; null: not before somebody does something. */
export function nextTryAt(
  { state, updatedAt, createdAt }: Pick<Tenant, 'state' | 'updatedAt' | 'createdAt'>,
  { triedAt, restUntil, dueAt }: Tries,
  { syncEveryMinutes }: Pick<Tools['config'], 'syncEveryMinutes'>,
): Date | null {
  const after = (milliseconds: number) => (triedAt ? triedAt.getTime() + milliseconds : createdAt.getTime())
  if (WORKING_STATES.includes(state))
    return new Date(Math.max(dueAt?.getTime() ?? after(syncEveryMinutes * MINUTE), restUntil?.getTime() ?? 0))
  const next = after(DAY)
  return state === 'revoked' && next < updatedAt.getTime() + ASKED_FOR_DAYS * DAY ? new Date(next) : null
}
