import { type Clock, leftOf } from '#base/clock.ts'
import type { Bucket, Need } from '#model/throttle.ts'

/**
 * Lends from buckets that all processes share; each of them all that is wanted, or nothing and how long until it may be
 * there. `back` is what is left of the last loan, less than nothing when more was used.
 */
export type Lender = (
  wanted: readonly (Bucket & { back: number; wanted: number })[],
) => Promise<readonly { lent: number; waitMilliseconds: number }[]>

/** What this process has borrowed of the buckets that all share, so that not every request has to ask for it. */
export type Purses = {
  /** Takes every need at once, or none. @returns 0, or how long to wait before asking again, in milliseconds */
  take(needs: readonly Need[]): Promise<number>
  /** Puts back what was taken and not used. */
  putBack(needs: readonly Need[]): void
  /** Borrows what is not there, without taking it: many who do so in the same moment are one question. */
  prepare(needs: readonly Need[]): Promise<void>
  /** Takes without waiting, for whoever must not; what was not there is a debt, paid with the next loan. */
  charge(needs: readonly Need[]): void
}

/** `spent` of it since the last loan: the next one is measured by it. */
type Purse = { left: number; since: number; spent: number }

/** What is not used within so long goes back: an idle process keeps nothing from the others. */
const LIFETIME_MILLISECONDS = 1_000
/** A first loan serves a small tenant whole; each that is used up doubles the next, up to a share of the bucket. */
const FIRST_LOAN = 8
const LARGEST_LOAN_SHARE = 0.02
/** A debt that is larger than this is paid at once. */
const LARGEST_DEBT = 64
const REMEMBERED_PURSES = 50_000

export function openPurses({ lender, clock }: { lender: Lender; clock: Clock }): Purses {
  const purses = new Map<string, Purse>()
  /** While one question is on its way, what is wanted meanwhile is gathered for the next. */
  let gathering: { orders: Map<string, Need>; answer: Promise<Map<string, number>> } | null = null
  let asked: Promise<unknown> = Promise.resolve()

  const purseOf = (key: string): Purse => {
    const purse = purses.get(key) ?? { left: 0, since: 0, spent: 0 }
    purses.delete(key)
    purses.set(key, purse)
    const [oldest] = purses.size > REMEMBERED_PURSES ? purses.keys() : []
    if (oldest !== undefined) purses.delete(oldest)
    return purse
  }
  const now = () => clock.now().getTime()
  const holds = ({ key, need }: Need): boolean => {
    const { left, since } = purseOf(key)
    return left >= need && leftOf({ since, milliseconds: LIFETIME_MILLISECONDS }, now()) > 0
  }

  async function lend(orders: readonly Need[]): Promise<Map<string, number>> {
    const wanted = orders.map(({ key, limit, need }) => {
      const purse = purseOf(key)
      const back = purse.left
      purse.left = 0
      const size = Math.min(Math.max(FIRST_LOAN, 2 * purse.spent), limit.amount * LARGEST_LOAN_SHARE)
      return { key, limit, back, wanted: need === 0 ? 0 : Math.max(need, size) }
    })
    try {
      const loans = await lender(wanted)
      return new Map(
        wanted.map(({ key }, index) => {
          const { lent, waitMilliseconds } = loans[index] ?? { lent: 0, waitMilliseconds: LIFETIME_MILLISECONDS }
          const purse = purseOf(key)
          purse.left += lent
          if (lent > 0) Object.assign(purse, { since: now(), spent: 0 })
          return [key, waitMilliseconds] as const
        }),
      )
    } catch (error) {
      for (const { key, back } of wanted) purseOf(key).left += back
      throw error
    }
  }

  /** @returns how long to wait for each, by its key */
  const borrow = (short: readonly Need[]): Promise<Map<string, number>> => {
    if (!gathering) {
      const orders = new Map<string, Need>()
      const answer = asked.then(() => {
        gathering = null
        return lend([...orders.values()])
      })
      asked = answer.catch(() => {})
      gathering = { orders, answer }
    }
    for (const need of short)
      if (need.need >= (gathering.orders.get(need.key)?.need ?? 0)) gathering.orders.set(need.key, need)
    return gathering.answer
  }

  const spend = (needs: readonly Need[]) => {
    for (const { key, need } of needs) {
      const purse = purseOf(key)
      purse.left -= need
      purse.spent += need
    }
  }

  return {
    async take(needs) {
      for (;;) {
        const short = needs.filter((need) => !holds(need))
        if (short.length === 0) break
        const waits = await borrow(short)
        const wait = Math.max(...short.map(({ key }) => waits.get(key) ?? 0))
        if (wait > 0) return wait
      }
      // Nothing is awaited from here on, so what was found in the purses is still there.
      spend(needs)
      return 0
    },
    putBack(needs) {
      spend(needs.map((one) => ({ ...one, need: -one.need })))
    },
    async prepare(needs) {
      const short = needs.filter((need) => !holds(need))
      if (short.length > 0) await borrow(short)
    },
    charge(needs) {
      spend(needs)
      const debts = needs.filter(({ key }) => purseOf(key).left < -LARGEST_DEBT)
      if (debts.length > 0) borrow(debts.map((debt) => ({ ...debt, need: 0 }))).catch(() => {})
    },
  }
}
