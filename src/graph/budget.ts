import type { Clock } from '#base/clock.ts'
import { oncePerKey } from '#base/once-per-key.ts'
import type { ClientId, TenantId } from '#model/ids.ts'
import type { Limit, TenantSize, ThrottleLimits } from '#model/throttle.ts'

/**
 * Lends from a bucket that all processes share.
 * @returns how much was lent, and when there will be more if it was nothing
 */
export type Lender = (
  bucket: { key: string; limit: Limit },
  wanted: number,
) => Promise<{ lent: number; waitMilliseconds: number }>

/** Graph's limits, kept before Graph has to remind us: a refused request costs as much as an answered one. */
export type Budget = {
  /** @returns 0 when the request may go; otherwise how long to wait before asking again, in milliseconds */
  admit(tenantId: TenantId, cost: { units: number; writes: number }): Promise<number>
  /** What Graph itself says of how near the limit is: 0.8 to 1.8. @see https://learn.microsoft.com/graph/throttling-limits */
  observe(tenantId: TenantId, percentage: number): void
  /** How large the tenant is; small until told. */
  setSize(tenantId: TenantId, size: TenantSize): void
  /** Units taken so far. */
  spent(): number
}

/** So large a share of a bucket is lent at once: large enough to ask seldom, small enough that idle loans do not matter. */
const LOAN_SHARE = 0.02
const REMEMBERED_TENANTS = 25_000
/** From here on Graph warns; what it warns of is over after the window of the limit. */
const WARNING = 0.8

export function openBudget({
  clientId,
  limits,
  lender,
  clock,
}: {
  clientId: ClientId
  limits: ThrottleLimits
  lender: Lender
  clock: Clock
}): Budget {
  const purses = new Map<string, number>()
  const sizes = new Map<TenantId, TenantSize>()
  const slowUntil = new Map<TenantId, number>()
  const lending = new Map<string, Promise<number>>()
  let spent = 0

  const borrow = (key: string, limit: Limit, need: number) =>
    oncePerKey(lending, key, async () => {
      const wanted = Math.max(need, Math.ceil(limit.amount * LOAN_SHARE))
      const { lent, waitMilliseconds } = await lender({ key, limit }, wanted)
      remember(purses, key, (purses.get(key) ?? 0) + lent)
      return waitMilliseconds
    })

  /** @returns 0 when `need` lies in the purse */
  const fill = async (key: string, limit: Limit, need: number): Promise<number> => {
    while ((purses.get(key) ?? 0) < need) {
      const wait = await borrow(key, limit, need)
      if (wait > 0) return wait
    }
    return 0
  }

  return {
    async admit(tenantId, { units, writes }) {
      const slow = slowUntil.get(tenantId) ?? 0
      const now = clock.now().getTime()
      if (slow > now) return slow - now
      slowUntil.delete(tenantId)
      const wanted = [
        { key: `${clientId}/${tenantId}/units`, limit: limits.tenantUnits[sizes.get(tenantId) ?? 'S'], need: units },
        { key: `${clientId}/units`, limit: limits.appUnits, need: units },
        ...(writes > 0
          ? [
              { key: `${clientId}/${tenantId}/writes`, limit: limits.tenantWrites, need: writes },
              { key: `${clientId}/writes`, limit: limits.appWrites, need: writes },
            ]
          : []),
      ]
      for (const { key, limit, need } of wanted) {
        const wait = await fill(key, limit, need)
        if (wait > 0) return wait
      }
      // Nothing is awaited from here on, so what was found in the purses is still there.
      for (const { key, need } of wanted) purses.set(key, (purses.get(key) ?? 0) - need)
      spent += units
      return 0
    },
    observe(tenantId, percentage) {
      if (percentage < WARNING) return
      const window = limits.tenantUnits[sizes.get(tenantId) ?? 'S'].seconds * 1_000
      const rest = Math.min(1, percentage - WARNING) * window
      remember(slowUntil, tenantId, clock.now().getTime() + rest)
    },
    setSize: (tenantId, size) => remember(sizes, tenantId, size),
    spent: () => spent,
  }
}

/** The oldest is forgotten first; what is forgotten is borrowed anew. */
function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= REMEMBERED_TENANTS * 2) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
