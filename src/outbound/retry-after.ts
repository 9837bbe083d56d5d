/** Whoever names a later moment means somebody else, or does not know: he is asked again after so long. */
export const LONGEST_STATED_MILLISECONDS = 3_600_000

/**
 * How long an answer asks to wait, in seconds or until a date; null when it says nothing that makes sense.
 * @see RFC 9110 section 10.2.3
 */
export function millisecondsStated(retryAfter: string | undefined, now: Date): number | null {
  const stated = readRetryAfter(retryAfter?.trim(), now)
  return stated !== null && stated > 0 ? Math.min(stated, LONGEST_STATED_MILLISECONDS) : null
}

/** For a diagnosis: what makes no sense is left out. */
export function patienceStated(retryAfter: string | undefined, now: Date): { retryAfterSeconds?: number } {
  const milliseconds = millisecondsStated(retryAfter, now)
  return milliseconds === null ? {} : { retryAfterSeconds: Math.ceil(milliseconds / 1_000) }
}

function readRetryAfter(text: string | undefined, now: Date): number | null {
  if (!text) return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  return /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) - now.getTime() : null
}
