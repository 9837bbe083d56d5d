import { type Tenant, WORKING_STATES } from '#model/tenant.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** A revoked tenant is asked so often whether it is back. */
export const ASKED_EVERY_DAYS = 1
/** Whoever comes back later signs up again, or is verified by an operator. */
export const ASKED_FOR_DAYS = 30

/** What a tenant’s next try is told from; each null where there is none. */
export type Tries = {
  /** When its directory was last read, or tried to be. */
  triedAt: Date | null
  /** Until when it is to be left alone. */
  restUntil: Date | null
  /** When its next turn is. */
  dueAt: Date | null
}

/** When what waits in the queue for a tenant is to be begun; each null where nothing of the kind waits. */
export type Waiting = {
  /** What was asked for, or put off. */
  askedAt: Date | null
  /** Another try of what has failed. */
  retryAt: Date | null
}
export const NOTHING_WAITS: Waiting = { askedAt: null, retryAt: null }

/**
 * When the daemon asks Microsoft about a tenant next by itself; null: not before somebody does something. A turn that comes
 * adds nothing to what was asked for already; where another try waits, it is that try.
 */
export function nextTryAt(
  { state, updatedAt, createdAt }: Pick<Tenant, 'state' | 'updatedAt' | 'createdAt'>,
  { triedAt, restUntil, dueAt }: Tries,
  { askedAt, retryAt }: Waiting,
  { syncEveryMinutes }: { syncEveryMinutes: number },
): Date | null {
  const after = (milliseconds: number) => (triedAt ? triedAt.getTime() + milliseconds : createdAt.getTime())
  if (WORKING_STATES.includes(state)) {
    const turn = Math.max(dueAt?.getTime() ?? after(syncEveryMinutes * MINUTE), restUntil?.getTime() ?? 0)
    return new Date(Math.min(askedAt?.getTime() ?? turn, retryAt?.getTime() ?? Number.POSITIVE_INFINITY))
  }
  const next = after(ASKED_EVERY_DAYS * DAY)
  return state === 'revoked' && next < updatedAt.getTime() + ASKED_FOR_DAYS * DAY ? new Date(next) : null
}
