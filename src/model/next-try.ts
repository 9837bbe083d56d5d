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

/** When the daemon asks Microsoft about a tenant next by itself; null: not before somebody does something. */
export function nextTryAt(
  { state, updatedAt, createdAt }: Pick<Tenant, 'state' | 'updatedAt' | 'createdAt'>,
  { triedAt, restUntil, dueAt }: Tries,
  { syncEveryMinutes }: { syncEveryMinutes: number },
): Date | null {
  const after = (milliseconds: number) => (triedAt ? triedAt.getTime() + milliseconds : createdAt.getTime())
  if (WORKING_STATES.includes(state))
    return new Date(Math.max(dueAt?.getTime() ?? after(syncEveryMinutes * MINUTE), restUntil?.getTime() ?? 0))
  const next = after(ASKED_EVERY_DAYS * DAY)
  return state === 'revoked' && next < updatedAt.getTime() + ASKED_FOR_DAYS * DAY ? new Date(next) : null
}
