import { enqueueAll } from '#jobs/enqueue.ts'
import type { TenantState } from '#model/tenant.ts'
import { asFleet } from '#store/open.ts'
import { takeTenantsDue } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'jobs' | 'clock' | 'config'>
type Due = {
  name: 'sync-tenant' | 'verify-tenant'
  states: readonly TenantState[]
  everyMinutes: number
  /** Only those whose state has changed within so many days. */
  forDays?: number
}

const MINUTE = 60_000
const DAY_MINUTES = 24 * 60
/** Whoever comes back later signs up again, or is verified by an operator. */
const ASKED_FOR_DAYS = 30
const AT_A_TIME = 1_000

/**
 * Gives each tenant that is due its next job: working tenants are read every `syncEveryMinutes`; a revoked tenant is
 * asked once a day whether it is back, for a month, and otherwise left alone. Costs what is due costs, not what is registered.
 */
export async function planSyncs(tools: Needs): Promise<void> {
  const { syncEveryMinutes } = tools.config
  await plan(tools, { name: 'sync-tenant', states: ['active', 'degraded'], everyMinutes: syncEveryMinutes })
  await plan(tools, { name: 'verify-tenant', states: ['revoked'], everyMinutes: DAY_MINUTES, forDays: ASKED_FOR_DAYS })
}

async function plan({ store, jobs, clock }: Needs, { name, states, everyMinutes, forDays }: Due): Promise<void> {
  const ago = (minutes: number) => new Date(clock.now().getTime() - minutes * MINUTE)
  const lastTriedBefore = ago(everyMinutes)
  const changedAfter = forDays === undefined ? null : ago(forDays * DAY_MINUTES)
  for (;;) {
    const taken = await asFleet(store, async (sql) => {
      const due = await takeTenantsDue(sql, { states, lastTriedBefore, changedAfter, limit: AT_A_TIME })
      await enqueueAll(
        jobs,
        sql,
        name,
        due.map((tenantId) => ({ tenantId })),
      )
      return due.length
    })
    if (taken < AT_A_TIME) return
  }
}
