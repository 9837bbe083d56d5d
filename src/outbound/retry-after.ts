/** Whatever is said, it is asked again after so long. */
export const LONGEST_STATED_MILLISECONDS = 3_600_000

/** Header names in lower case. */
type Headers = Readonly<Record<string, string>>

/**
 * How long an answer asks to wait, in seconds or until a date; null when it says nothing that makes sense. A date is read
 * by the clock of whoever wrote it, where the answer tells what that shows: ours may be wrong.
 * @see RFC 9110 sections 10.2.3 and 6.6.1
 */
export function millisecondsStated(headers: Headers, now: Date): number | null {
  const stated = readRetryAfter(headers['retry-after']?.trim(), dateIn(headers.date?.trim()) ?? now.getTime())
  return stated !== null && stated > 0 ? Math.min(stated, LONGEST_STATED_MILLISECONDS) : null
}

/** For a diagnosis: what makes no sense is left out. */
export function patienceStated(headers: Headers, now: Date): { retryAfterSeconds?: number } {
  const milliseconds = millisecondsStated(headers, now)
  return milliseconds === null ? {} : { retryAfterSeconds: Math.ceil(milliseconds / 1_000) }
}

function readRetryAfter(text: string | undefined, now: number): number | null {
  if (!text) return null
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const date = dateIn(text)
  return date === null ? null : date - now
}

/** A date as HTTP writes it. */
function dateIn(text: string | undefined): number | null {
  const date = text && /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : date
}
