import type { Diagnosis, Retry } from '#model/problem.ts'

const HOUR_MINUTES = 60
const DAY_MINUTES = 24 * HOUR_MINUTES

/**
 * How long the same work in the same tenant is left alone, at least, after such a failure. What only the customer can mend
 * does not mend itself by being asked for at every turn; what is ours to mend goes on at the next one.
 */
const RESTS_MINUTES: Record<Retry, { customers: number; others: number }> = {
  now: { customers: 0, others: 0 },
  backoff: { customers: 0, others: 0 },
  slowly: { customers: HOUR_MINUTES, others: HOUR_MINUTES },
  never: { customers: DAY_MINUTES, others: 0 },
}

/** Zero: its next turn comes as ever. */
export function restMinutes({ retry, owner }: Pick<Diagnosis, 'retry' | 'owner'>): number {
  const { customers, others } = RESTS_MINUTES[retry]
  return owner === 'customer-administrator' ? customers : others
}
