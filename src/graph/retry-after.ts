import { millisecondsStated } from '#outbound/retry-after.ts'

const LONGEST_MILLISECONDS = 180_000
const FIRST_MILLISECONDS = 1_000

/**
 * How long to wait before the next try: what the server says, in seconds or as a date, or an exponential pause with
 * jitter when it says nothing that makes sense.
 * @param longest in milliseconds; three minutes unless told
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
