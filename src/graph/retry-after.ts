import { millisecondsStated } from '#outbound/retry-after.ts'

const LONGEST_MILLISECONDS = 180_000
const FIRST_MILLISECONDS = 1_000

/**
 * How long to wait before the next try: what the server says, in seconds or as a date, or an exponential pause with
 * jitter when it says nothing that makes sense.
 */
export function pauseBefore(attempt: number, headers: Readonly<Record<string, string>>, now: Date): number {
  const stated = millisecondsStated(headers, now)
  if (stated !== null) return stated
  const grown = Math.min(FIRST_MILLISECONDS * 2 ** (attempt - 1), LONGEST_MILLISECONDS)
  return grown / 2 + Math.random() * (grown / 2)
}

/** Whoever has named no longest pause, mostly a person, waits here for three minutes at most, and then asks once more. */
export const bearable = (
  { longestPauseMilliseconds }: { longestPauseMilliseconds?: number },
  pauseMilliseconds: number,
): number =>
  longestPauseMilliseconds === undefined ? Math.min(pauseMilliseconds, LONGEST_MILLISECONDS) : pauseMilliseconds
