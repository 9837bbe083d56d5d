const LONGEST_MILLISECONDS = 180_000
const FIRST_MILLISECONDS = 1_000

/**
 * How long to wait before the next try: what the server says, in seconds or as a date, or an exponential pause with
 * jitter when it says nothing that makes sense. Never longer than three minutes.
 * @see RFC 9110 section 10.2.3
 */
export function pauseBefore(attempt: number, retryAfter: string | undefined, now: Date): number {
  const stated = millisecondsStated(retryAfter, now)
  if (stated !== null) return Math.min(stated, LONGEST_MILLISECONDS)
  const longest = Math.min(FIRST_MILLISECONDS * 2 ** (attempt - 1), LONGEST_MILLISECONDS)
  return longest / 2 + Math.random() * (longest / 2)
}

function millisecondsStated(retryAfter: string | undefined, now: Date): number | null {
  const text = retryAfter?.trim()
  if (!text) return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) > 0 ? Number(text) * 1000 : null
  if (!/^[A-Z][a-z]{2}, /.test(text)) return null
  const wait = Date.parse(text) - now.getTime()
  return wait > 0 ? wait : null
}
