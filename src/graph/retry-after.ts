const LONGEST_MILLISECONDS = 180_000
/** Where nobody is kept waiting meanwhile. */
export const LONGEST_PUT_OFF_MILLISECONDS = 3_600_000
const FIRST_MILLISECONDS = 1_000

/**
 * How long to wait before the next try: what the server says, in seconds or as a date, or an exponential pause with
 * jitter when it says nothing that makes sense.
 * @param longest in milliseconds; three minutes unless told
 * @see RFC 9110 section 10.2.3
 */
export function pauseBefore(
  attempt: number,
  retryAfter: string | undefined,
  now: Date,
  longest = LONGEST_MILLISECONDS,
): number {
  const stated = millisecondsStated(retryAfter, now)
  if (stated !== null) return Math.min(stated, longest)
  const grown = Math.min(FIRST_MILLISECONDS * 2 ** (attempt - 1), LONGEST_MILLISECONDS)
  return grown / 2 + Math.random() * (grown / 2)
}

function millisecondsStated(retryAfter: string | undefined, now: Date): number | null {
  const text = retryAfter?.trim()
  if (!text) return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) > 0 ? Number(text) * 1000 : null
  if (!/^[A-Z][a-z]{2}, /.test(text)) return null
  const wait = Date.parse(text) - now.getTime()
  return wait > 0 ? wait : null
}
