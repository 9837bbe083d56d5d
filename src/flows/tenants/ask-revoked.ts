import { enqueueAll } from '#jobs/enqueue.ts'
import { ASKED_EVERY_DAYS, ASKED_FOR_DAYS } from '#model/next-try.ts'
import { asFleet } from '#store/database/open.ts'
import { takeTenantsDue } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const AT_A_TIME = 1_000

/**
 * A revoked tenant is asked once a day whether it is back, for a month, and otherwise left alone. Costs what is due costs,
 * not what is registered.
 */
export async function askRevoked({ store, jobs }: Pick<Tools, 'store' | 'jobs'>): Promise<void> {
  for (;;) {
    const taken = await asFleet(store, async (sql) => {
      const tenantIds = await takeTenantsDue(sql, {
        states: ['revoked'],
        triedBeforeDays: ASKED_EVERY_DAYS,
        changedWithinDays: ASKED_FOR_DAYS,
        limit: AT_A_TIME,
      })
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
