import { enqueueAll } from '#jobs/enqueue.ts'
import type { Tenant, TenantState } from '#model/tenant.ts'
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

/** Who is asked for what, and how often. */
const turns = ({ syncEveryMinutes }: Pick<Tools['config'], 'syncEveryMinutes'>): readonly Due[] => [
  { name: 'sync-tenant', states: ['active', 'degraded'], everyMinutes: syncEveryMinutes },
  { name: 'verify-tenant', states: ['revoked'], everyMinutes: DAY_MINUTES, forDays: ASKED_FOR_DAYS },
]

/**
 * Gives each tenant that is due its next job: working tenants are read every `syncEveryMinutes`, or later where the last
 * failure says so; a revoked tenant is asked once a day whether it is back, for a month, and otherwise left alone. Costs
 * what is due costs, not what is registered.
 */
export async function planSyncs(tools: Needs): Promise<void> {
  for (const due of turns(tools.config)) await plan(tools, due)
}

/** When that will be for one tenant; null: not before somebody does something. */
export function nextTryAt(
  { state, updatedAt, createdAt }: Pick<Tenant, 'state' | 'updatedAt' | 'createdAt'>,
  { triedAt, restUntil }: { triedAt: Date | null; restUntil: Date | null },
  config: Pick<Tools['config'], 'syncEveryMinutes'>,
): Date | null {
  const turn = turns(config).find(({ states }) => states.includes(state))
  if (!turn) return null
  const regular = triedAt ? triedAt.getTime() + turn.everyMinutes * MINUTE : createdAt.getTime()
  const next = new Date(Math.max(regular, restUntil?.getTime() ?? 0))
  const over = turn.forDays === undefined ? null : updatedAt.getTime() + turn.forDays * DAY_MINUTES * MINUTE
  return over !== null && next.getTime() >= over ? null : next
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
