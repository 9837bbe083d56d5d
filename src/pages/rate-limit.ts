import type { Clock } from '#base/clock.ts'
import { networksOf, type Share } from '#pages/networks-of.ts'

const MINUTE = 60_000
/** Networks remembered at one time; the longest unseen are forgotten first. */
const MAX_NETWORKS = 10_000

/** A bucket for each network: `burst` requests at once, refilled at `perMinute`, and a wider one for its site. */
export type RateLimit = {
  /** Null when the request may pass, otherwise the seconds to wait. */
  secondsToWait(address: string): number | null
}

export function openRateLimit({
  clock,
  burst,
  perMinute,
}: {
  clock: Clock
  burst: number
  perMinute: number
}): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  const leftIn = ({ network, times }: Share, now: number): number => {
    const known = buckets.get(network)
    return known ? Math.min(burst * times, known.left + ((now - known.at) / MINUTE) * perMinute * times) : burst * times
  }
  const remember = (network: string, left: number, at: number) => {
    buckets.delete(network)
    buckets.set(network, { left, at })
    const oldest = buckets.keys().next()
    if (buckets.size > MAX_NETWORKS && !oldest.done) buckets.delete(oldest.value)
  }
  return {
    secondsToWait(address) {
      const now = clock.now().getTime()
      const found = networksOf(address).map((share) => ({ ...share, left: leftIn(share, now) }))
      const short = found.filter(({ left }) => left < 1)
      for (const { network, left } of found) remember(network, short.length > 0 ? left : left - 1, now)
      if (short.length === 0) return null
      return Math.max(...short.map(({ left, times }) => Math.ceil(((1 - left) / (perMinute * times)) * 60)))
    },
  }
}
