import { enqueue } from '#jobs/enqueue.ts'
import { asFleet } from '#store/open.ts'
import { takeTenantsDue } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

const MINUTE = 60_000
const DAY_MINUTES = 24 * 60
const AT_A_TIME = 1_000

/**
 * Gives each tenant that is due its next job: working tenants are read every `syncEveryMinutes`; a revoked tenant is
 * asked once a day whether it is back, and otherwise left alone. Costs what is due costs, not what is registered.
 */
export async function planSyncs({
  store,
  jobs,
  clock,
  config,
}: Pick<Tools, 'store' | 'jobs' | 'clock' | 'config'>): Promise<void> {
  const now = clock.now().getTime()
  await asFleet(store, async (sql) => {
    const toRead = await takeTenantsDue(sql, {
      states: ['active', 'degraded'],
      lastTriedBefore: new Date(now - config.syncEveryMinutes * MINUTE),
      limit: AT_A_TIME,
    })
    for (const tenantId of toRead) await enqueue(jobs, sql, 'sync-tenant', { tenantId })
    const toProbe = await takeTenantsDue(sql, {
      states: ['revoked'],
      lastTriedBefore: new Date(now - DAY_MINUTES * MINUTE),
      limit: AT_A_TIME,
    })
    for (const tenantId of toProbe) await enqueue(jobs, sql, 'verify-tenant', { tenantId })
  })
}
