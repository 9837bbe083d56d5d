import { isIPv6 } from 'node:net'
import type { Context } from 'hono'
import type { Clock } from '#base/clock.ts'

const MINUTE = 60_000
/** Addresses remembered at one time; the longest unseen are forgotten first. */
const MAX_ADDRESSES = 10_000

/** A bucket for each address: `burst` requests at once, refilled at `perMinute`. */
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
  return {
    secondsToWait(address) {
      const now = clock.now().getTime()
      const known = buckets.get(address)
      const refilled = known ? known.left + ((now - known.at) / MINUTE) * perMinute : burst
      const left = Math.min(burst, refilled)
      buckets.delete(address)
      buckets.set(address, { left: left < 1 ? left : left - 1, at: now })
      const oldest = buckets.keys().next()
      if (buckets.size > MAX_ADDRESSES && !oldest.done) buckets.delete(oldest.value)
      return left < 1 ? Math.ceil(((1 - left) / perMinute) * 60) : null
    },
  }
}

/** What Node's adapter gives with each request. */
type NodeBindings = { incoming?: { socket?: { remoteAddress?: string } } }

/**
 * Who is asking, as far as that can be told: the connection's own address, or, where the connection comes from a proxy
 * nearby, the last address that this proxy added. What a client writes into the header itself stands before that.
 */
export function addressOf(c: Context): string {
  const direct = (c.env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress ?? 'unknown'
  const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim()
  return network(forwarded && isNear(direct) ? forwarded : direct)
}

const isNear = (address: string): boolean =>
  /^(::ffff:)?(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/i.test(address)

/** One subscriber usually has a whole /64 of IPv6 addresses. */
const network = (address: string): string =>
  isIPv6(address) && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
