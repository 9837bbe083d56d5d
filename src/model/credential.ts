import type { Diagnosis } from '#model/problem.ts'

/** One of the app's ways to prove that it is itself, without what proves it. */
export type CredentialListing = {
  kind: 'secret' | 'certificate'
  /** As the app registration names it; null for what only the configuration tells. */
  keyId: string | null
  name: string | null
  beginsAt: Date | null
  /** Null when nobody has told. */
  expiresAt: Date | null
  /** Whether this installation uses it. */
  inUse: boolean
}

const DAY = 86_400_000
/** A warning is told anew at each of these. */
const WARNING_DAYS = [3, 14, 30]

/** Whole days until it ends; negative when it is over. */
export const daysLeft = (expiresAt: Date, now: Date): number => Math.floor((expiresAt.getTime() - now.getTime()) / DAY)

/** The nearest of 30, 14 and 3 days that it is within; null when there is time. */
export const warningStage = (expiresAt: Date, now: Date): number | null =>
  WARNING_DAYS.find((days) => expiresAt.getTime() - now.getTime() <= days * DAY) ?? null

export function expiring({ kind, expiresAt }: { kind: string; expiresAt: Date }, now: Date): Diagnosis {
  const days = daysLeft(expiresAt, now)
  const when = days < 0 ? 'has ended' : days === 0 ? 'ends today' : `ends in ${days === 1 ? 'one day' : `${days} days`}`
  return {
    code: 'CREDENTIAL_EXPIRING',
    owner: 'operator',
    message: `The app’s ${kind} ${when}, on ${expiresAt.toISOString().slice(0, 10)}. After that no tenant can be reached.`,
    nextStep:
      kind === 'secret'
        ? 'Add a new one (`tenantry credentials rotate`, or by hand in the app registration), set it, restart the processes one after another, remove the old one.'
        : 'Add a new one to the app registration, set it, restart the processes one after another, remove the old one.',
    retry: 'slowly',
    confidence: 'certain',
  }
}
