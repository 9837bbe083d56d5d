import { type Clock, leftOf, type Span } from '#base/clock.ts'
import type { Aside } from '#base/places.ts'
import { type Lender, openPurses } from '#graph/purses.ts'
import { LONGEST_WAIT_MILLISECONDS, openTurns } from '#graph/turns.ts'
import type { ClientId, TenantId } from '#model/ids.ts'
import type { Cost } from '#model/request-cost.ts'
import {
  appBuckets,
  type Bucket,
  type Need,
  needsOf,
  type TenantSize,
  type ThrottleLimits,
  tenantBuckets,
  WARNING,
} from '#model/throttle.ts'

/** Graph's limits, kept before Graph has to remind us: a refused request costs as much as an answered one. */
export type Budget = {
  /**
   * Waits until all tenants together may ask as much, each of them in turn, while that takes a moment only. For what the tenant
   * itself may ask it does not wait, nor while the app rests: work that asks nothing of Graph could have its place. Where writes
   * are short it waits aside: others may still read.
   * @returns 0 when the request may go; otherwise how long it has to wait, in milliseconds, somewhere else
   */
  admit(tenantId: TenantId, cost: Cost, options?: { signal?: AbortSignal; aside?: Aside }): Promise<number>
  /** Borrows for a tenant that is about to ask: for many tenants at once it is one question to the database. */
  prepare(tenantId: TenantId): Promise<void>
  /** Counts what a person asks, who does not wait. */
  charge(tenantId: TenantId, cost: Cost): void
  /** Corrects by what Graph says that a request has cost. */
  correct(tenantId: TenantId, by: { units: number }): void
  /** What Graph itself says of how near the limit is: 0.8 to 1.8. @see https://learn.microsoft.com/graph/throttling-limits */
  warn(tenantId: TenantId, percentage: number): void
  /**
   * Graph has refused, and until then it would refuse again, whichever process asks: the tenant, or the app in every one;
   * all that is asked, or only what writes.
   */
  rest(who: TenantId | 'app', milliseconds: number, what?: 'all' | 'writes'): void
  /** How large the tenant is; small until told. */
  setSize(tenantId: TenantId, size: TenantSize): void
}

const stay: Aside = (wait) => wait()

const REMEMBERED_TENANTS = 50_000
/** Those who asked in the same moment are refused together: a rest that is hardly longer is not told to all once more. */
const TOLD_FROM_MILLISECONDS = 250

export function openBudget({
  clientId,
  limits,
  lender,
  restBucket,
  clock,
}: {
  clientId: ClientId
  limits: ThrottleLimits
  lender: Lender
  /** Tells the other processes that a bucket rests; they hear of it when they ask it next. */
  restBucket: (bucket: Bucket, milliseconds: number) => void
  clock: Clock
}): Budget {
  const purses = openPurses({ lender, clock })
  const { units, writes } = appBuckets(limits, clientId)
  const sizes = new Map<TenantId, TenantSize>()
  /** By the names of the buckets. Everything takes units, so while those rest nothing goes. */
  const resting = new Map<string, Span>()
  const now = () => clock.now().getTime()

  const sizeOf = (tenantId: TenantId): TenantSize => sizes.get(tenantId) ?? 'S'
  const needs = (tenantId: TenantId, cost: Cost) =>
    needsOf(limits, { clientId, tenantId, size: sizeOf(tenantId) }, cost)
  const restOf = ({ key }: Pick<Bucket, 'key'>): number => {
    const rest = resting.get(key)
    const left = rest ? leftOf(rest, now()) : 0
    if (left === 0) resting.delete(key)
    return left
  }
  const longestRest = (buckets: readonly Bucket[]): number => Math.max(0, ...buckets.map(restOf))
  const bucketOf = (who: TenantId | 'app', what: 'all' | 'writes'): Bucket => {
    if (who === 'app') return what === 'all' ? units : writes
    const own = tenantBuckets(limits, { clientId, tenantId: who, size: sizeOf(who) })
    return what === 'all' ? own.units : own.writes
  }
  const rest: Budget['rest'] = (who, milliseconds, what = 'all') => {
    const bucket = bucketOf(who, what)
    const left = restOf(bucket)
    remember(resting, bucket.key, { since: now(), milliseconds: Math.max(left, milliseconds) })
    if (left === 0 || milliseconds - left >= TOLD_FROM_MILLISECONDS) restBucket(bucket, milliseconds)
  }

  /** Of a rest that another process was asked for, the first who asks hears, and remembers it for those behind him. */
  const give = async (common: readonly Need[]) => {
    const wait = longestRest(common) || (await purses.take(common))
    if (wait > LONGEST_WAIT_MILLISECONDS && common.some(({ key }) => key === units.key))
      remember(resting, units.key, { since: now(), milliseconds: wait })
    return wait
  }
  /** Puts back what was taken where the request does not go after all. */
  const withUnused = async (taken: readonly Need[], work: () => Promise<number>): Promise<number> => {
    let goes = false
    try {
      const wait = await work()
      goes = wait === 0
      return wait
    } finally {
      if (!goes) purses.putBack(taken)
    }
  }
  const shop = { give, putBack: purses.putBack }
  const turns = openTurns<TenantId, readonly Need[]>(shop, clock)
  const turnsToWrite = openTurns<TenantId, readonly Need[]>(shop, clock)

  return {
    async admit(tenantId, cost, { signal, aside = stay } = {}) {
      const { own, common } = needs(tenantId, cost)
      const appRests = restOf(units)
      const wait = longestRest(own) || (appRests > LONGEST_WAIT_MILLISECONDS ? appRests : await purses.take(own))
      if (wait > 0) return wait
      // Whoever is sent away has used nothing: he takes all of it again when he comes back, if he does.
      return withUnused(own, async () => {
        const toWrite = common.filter(({ key }) => key === writes.key)
        if (toWrite.length > 0 && (turnsToWrite.areTaken() || (await give(toWrite)) > 0)) {
          const longer = await aside(() => turnsToWrite.wait(tenantId, toWrite, signal))
          if (longer > 0) return longer
        }
        const others = toWrite.length > 0 ? common.filter((need) => !toWrite.includes(need)) : common
        return withUnused(toWrite, () => turns.wait(tenantId, others, signal))
      })
    },
    async prepare(tenantId) {
      const { own, common } = needs(tenantId, { units: 1, writes: 0, requests: 0 })
      if (longestRest(own) === 0) await purses.prepare(restOf(units) === 0 ? [...own, ...common] : own)
    },
    charge(tenantId, cost) {
      const { own, common } = needs(tenantId, cost)
      purses.charge([...own, ...common])
    },
    correct(tenantId, { units }) {
      const { own, common } = needs(tenantId, { units, writes: 0, requests: 0 })
      purses.charge([...own, ...common])
    },
    // What was used beyond the warning has gone again after that share of the limit's window.
    warn(tenantId, percentage) {
      if (percentage > WARNING)
        rest(tenantId, Math.min(1, percentage - WARNING) * limits.tenantUnits[sizeOf(tenantId)].seconds * 1_000)
    },
    rest,
    setSize: (tenantId, size) => remember(sizes, tenantId, size),
  }
}

/** The oldest is forgotten first. */
function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= REMEMBERED_TENANTS) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
