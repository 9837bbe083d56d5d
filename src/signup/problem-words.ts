import type { AppDefinition } from '#model/app.ts'
import type { Diagnosis, Owner, ProblemCode } from '#model/problem.ts'
import type { Tone } from '#pages/components/notice.ts'

/** What the page of a problem is called. Codes that are missing here have a general title by their owner. */
const TITLES: Partial<Record<ProblemCode, string>> = {
  SIGN_UP_UNKNOWN: 'This sign-up is not known',
  SIGN_UP_OTHER_BROWSER: 'This sign-up belongs to another browser',
  SIGN_UP_USED: 'This step has been done already',
  SIGN_UP_EXPIRED: 'This sign-up took too long',
  SIGN_UP_WRONG_TENANT: 'You signed in to another organisation',
  CONSENT_DECLINED: 'You declined, and nothing was changed',
  ADMIN_APPROVAL_NEEDED: 'An administrator has to take this step',
  CODE_EXPIRED: 'The sign-in took too long',
  PERSONAL_ACCOUNT: 'That was a personal account',
  ID_TOKEN_INVALID: 'We could not verify who signed in',
  SIGN_IN_FAILED: 'The sign-in did not succeed',
  SIGN_IN_ENDED: 'Please sign in again',
  SIGN_IN_BLOCKED: 'Your organisation does not let you sign in here',
  CONDITIONAL_ACCESS: 'A policy of your organisation blocked the sign-in',
  MAY_NOT_GRANT: 'Another administrator has to finish this',
  NOT_AN_ADMINISTRATOR: 'An administrator has to connect your organisation',
  PERMISSION_UNKNOWN: 'A permission is not offered in your organisation',
  GRANT_NOT_VISIBLE_YET: 'Microsoft needs more time',
  THROTTLED: 'Microsoft asks us to slow down',
  UNAVAILABLE: 'Microsoft is not available right now',
  NETWORK: 'Microsoft cannot be reached right now',
  DATABASE_UNREACHABLE: 'We are not available right now',
}
const TITLES_BY_OWNER: Record<Owner, string> = {
  'customer-administrator': 'Something in your organisation is in the way',
  operator: 'Something on our side is not right',
  microsoft: 'Microsoft answered with an error',
  nobody: 'Please try again in a moment',
}

export const problemTitle = ({ code, owner }: Diagnosis): string => TITLES[code] ?? TITLES_BY_OWNER[owner]

/** Problems of ours whose message is about the visitor, not about our configuration. */
const MEANT_FOR_VISITORS: readonly ProblemCode[] = ['ID_TOKEN_INVALID', 'PERMISSION_UNKNOWN', 'NOT_AN_OPERATOR']

/** The diagnosis as a customer's administrator should read it: what only our operator can mend says so and no more. */
export function forVisitors(diagnosis: Diagnosis, app: AppDefinition): Diagnosis {
  if (diagnosis.owner !== 'operator') return diagnosis
  const contact = app.supportEmail ? `${app.publisher} at ${app.supportEmail}` : app.publisher
  return {
    ...diagnosis,
    message: MEANT_FOR_VISITORS.includes(diagnosis.code)
      ? diagnosis.message
      : `Something on ${app.publisher}’s side is not set up as it should be. Nothing is wrong in your organisation.`,
    nextStep: `Try again later. If it stays so, write to ${contact} and quote the code below.`,
  }
}

/** Whoever reads it starts again, and needs nobody for that. */
const MENDED_BY_STARTING_AGAIN: readonly ProblemCode[] = [
  'SIGN_UP_UNKNOWN',
  'SIGN_UP_OTHER_BROWSER',
  'SIGN_UP_USED',
  'SIGN_UP_EXPIRED',
  'CODE_EXPIRED',
  'SIGN_IN_ENDED',
]
const GRANTERS = 'A Global Administrator or a Privileged Role Administrator of your organisation'

/** Who can mend it, said to a customer's administrator; null for his own decision, which nobody has to. */
export function ownerForVisitors({ code, owner }: Diagnosis, app: AppDefinition): string | null {
  if (code === 'CONSENT_DECLINED') return null
  if (code === 'MAY_NOT_GRANT' || code === 'ADMIN_APPROVAL_NEEDED') return GRANTERS
  if (MENDED_BY_STARTING_AGAIN.includes(code)) return 'You'
  if (code === 'NOT_AN_ADMINISTRATOR') return 'An administrator of your organisation'
  return {
    'customer-administrator': 'You, or another administrator of your organisation',
    operator: app.publisher,
    microsoft: 'Microsoft',
    nobody: 'Nobody has to: it mends itself',
  }[owner]
}

/** The next step, for a page with this button: nothing is tried again by itself here, and an open sign-up goes on. */
export function byHand(diagnosis: Diagnosis, button: 'start again' | 'go on' | 'try again'): Diagnosis {
  const { code, owner } = diagnosis
  if (owner === 'microsoft' || owner === 'nobody')
    return { ...diagnosis, nextStep: `Wait a few minutes, then ${button}.` }
  if (button === 'go on' && MENDED_BY_STARTING_AGAIN.includes(code))
    return { ...diagnosis, nextStep: 'Go on with the sign-up that is open in this browser, or start again.' }
  return diagnosis
}

/** Most of this is an everyday matter; red is for what should not happen. */
export function toneForVisitors({ code, owner }: Diagnosis): Tone {
  if (code === 'CONSENT_DECLINED') return 'info'
  return owner === 'operator' ? 'danger' : 'warning'
}

type Status = 400 | 403 | 409 | 410 | 500 | 502 | 503

const STATUSES: Partial<Record<ProblemCode, Status>> = {
  SIGN_UP_UNKNOWN: 400,
  SIGN_UP_OTHER_BROWSER: 400,
  SIGN_UP_USED: 409,
  SIGN_UP_EXPIRED: 410,
  CODE_EXPIRED: 410,
  ID_TOKEN_INVALID: 400,
  DATABASE_UNREACHABLE: 503,
  THROTTLED: 503,
  UNAVAILABLE: 503,
  NETWORK: 503,
  GRANT_NOT_VISIBLE_YET: 503,
  ANSWER_UNREADABLE: 502,
}
const STATUSES_BY_OWNER: Record<Owner, Status> = {
  'customer-administrator': 403,
  operator: 500,
  microsoft: 502,
  nobody: 503,
}

export const problemStatus = ({ code, owner }: Diagnosis): Status => STATUSES[code] ?? STATUSES_BY_OWNER[owner]
