import type { Diagnosis, ProblemCode } from '#model/problem.ts'

export type Status = 200 | 202 | 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 421 | 429 | 500 | 502 | 503

const STATUSES: Partial<Record<ProblemCode, Status>> = {
  NOT_AN_OPERATOR: 403,
  SIGN_UP_OTHER_BROWSER: 400,
  SIGN_IN_FAILED: 400,
  SIGN_IN_BLOCKED: 403,
  CODE_EXPIRED: 400,
  CONSENT_DECLINED: 400,
  CONSENT_MISSING: 403,
  ADMIN_APPROVAL_NEEDED: 403,
  PERSONAL_ACCOUNT: 403,
  ID_TOKEN_INVALID: 403,
  TENANT_UNKNOWN: 404,
  INCIDENT_UNKNOWN: 404,
  JOB_UNKNOWN: 404,
  STATE_MOVE_REFUSED: 409,
  DATABASE_UNREACHABLE: 503,
  THROTTLED: 503,
  UNAVAILABLE: 503,
  NETWORK: 503,
  ANSWER_UNREADABLE: 502,
}

/** The HTTP status that says the same as the diagnosis. */
export const problemStatus = ({ code }: Diagnosis): Status => STATUSES[code] ?? 500

const TITLES: Partial<Record<ProblemCode, string>> = {
  NOT_AN_OPERATOR: 'You are not an operator',
  SIGN_UP_OTHER_BROWSER: 'Please sign in again',
  SIGN_IN_FAILED: 'The sign-in did not work',
  CODE_EXPIRED: 'The sign-in took too long',
  CONSENT_DECLINED: 'You turned back',
  ID_TOKEN_INVALID: 'The sign-in was refused',
  TENANT_UNKNOWN: 'There is no such tenant',
  INCIDENT_UNKNOWN: 'There is no such incident',
  JOB_UNKNOWN: 'There is no such job',
  STATE_MOVE_REFUSED: 'That is not possible now',
  DATABASE_UNREACHABLE: 'The database does not answer',
  UNAVAILABLE: 'Microsoft does not answer',
  NETWORK: 'Microsoft cannot be reached',
}

export const problemTitle = ({ code }: Diagnosis): string => TITLES[code] ?? 'Something went wrong'

/** SERVICE_PRINCIPAL_MISSING → Service principal missing. */
export const codeInWords = (code: string): string => {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
