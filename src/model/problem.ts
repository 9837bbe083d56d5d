/** Who can mend it. `nobody` means that waiting mends it. */
export type Owner = 'customer-administrator' | 'operator' | 'microsoft' | 'nobody'

/**
 * What a caller does about it: `now` try again at once, `backoff` try again later, `slowly` probe from time to time,
 * `never` until something has changed.
 */
export type Retry = 'now' | 'backoff' | 'slowly' | 'never'

/** How sure the classification is: `probable` where one code has several causes, `unknown` for a code not in the table. */
export type Confidence = 'certain' | 'probable' | 'unknown'

/** Every failure, classified. Plain data: it is stored with the tenant, shown to people and obeyed by jobs. */
export type Diagnosis = {
  /** Stable, in capitals, for example CONSENT_MISSING. */
  code: ProblemCode
  owner: Owner
  /** One sentence, what happened. Holds no token, secret, code or e-mail address. */
  message: string
  /** One sentence, what to do next. */
  nextStep: string
  retry: Retry
  confidence: Confidence
  /** Microsoft's own code where there is one, for example AADSTS7000229 or Authorization_RequestDenied. */
  sourceCode?: string
  /** What Microsoft's support asks for. */
  traceId?: string
  correlationId?: string
  /** The server's Retry-After, in seconds. */
  retryAfterSeconds?: number
}

export const PROBLEM_CODES = [
  // the way in
  'SIGN_UP_UNKNOWN',
  'SIGN_UP_OTHER_BROWSER',
  'SIGN_UP_USED',
  'SIGN_UP_EXPIRED',
  'SIGN_UP_WRONG_TENANT',
  'CONSENT_DECLINED',
  'CONSENT_MISSING',
  'ADMIN_APPROVAL_NEEDED',
  'CODE_EXPIRED',
  'PERSONAL_ACCOUNT',
  'ID_TOKEN_INVALID',
  'SIGN_IN_FAILED',
  'SIGN_IN_BLOCKED',
  'SIGN_IN_ENDED',
  'NOT_AN_OPERATOR',
  // granting and verifying
  'MAY_NOT_GRANT',
  'NOT_AN_ADMINISTRATOR',
  'PERMISSION_UNKNOWN',
  'PERMISSION_MISSING',
  'GRANT_NOT_VISIBLE_YET',
  // the customer's tenant
  'TENANT_NOT_FOUND',
  'TENANT_UNKNOWN',
  'SERVICE_PRINCIPAL_MISSING',
  'SERVICE_PRINCIPAL_DISABLED',
  'RESOURCE_UNAVAILABLE',
  'CONDITIONAL_ACCESS',
  // ours
  'CREDENTIAL_EXPIRING',
  'CLIENT_SECRET_INVALID',
  'CLIENT_SECRET_EXPIRED',
  'CLIENT_CERTIFICATE_REJECTED',
  'APPLICATION_MISCONFIGURED',
  'REGISTRATION_UNCLEAR',
  'SECRET_IN_DOUBT',
  'CONFIGURATION_INVALID',
  'DATABASE_UNREACHABLE',
  'DATA_FOLDER_IN_USE',
  'STATE_MOVE_REFUSED',
  // the daemon's work
  'SYNC_STATE_LOST',
  'RUN_SUPERSEDED',
  'JOB_REFUSED',
  'REMOVAL_TOO_LARGE',
  'JOB_UNKNOWN',
  'RESOURCE_UNKNOWN',
  'JOB_UNDER_WAY',
  'INCIDENT_UNKNOWN',
  'JOB_FAILED',
  'JOB_TIMED_OUT',
  'TRANSACTION_MISUSED',
  // the tenant guard
  'TOKEN_OF_OTHER_TENANT',
  'ORIGIN_REFUSED',
  // Microsoft and the network
  'THROTTLED',
  'UNAVAILABLE',
  'NETWORK',
  'ANSWER_UNREADABLE',
  'TOKEN_REFUSED',
  'GRAPH_REFUSED',
  'NOT_FOUND',
  'UNKNOWN',
] as const

export type ProblemCode = (typeof PROBLEM_CODES)[number]

/** The one error that our code throws on purpose: a diagnosis with a cause. The cause goes to the log only. */
export class Problem extends Error {
  readonly diagnosis: Diagnosis

  constructor(diagnosis: Diagnosis, options: { cause?: unknown } = {}) {
    super(diagnosis.message, options)
    this.name = 'Problem'
    this.diagnosis = diagnosis
  }

  get code(): ProblemCode {
    return this.diagnosis.code
  }
}

/** Whatever was thrown, as a diagnosis: a Problem's own, or the safe default for a surprise. */
export function diagnose(thrown: unknown): Diagnosis {
  if (thrown instanceof Problem) return thrown.diagnosis
  return {
    code: 'UNKNOWN',
    owner: 'operator',
    message: 'Something failed that Tenantry does not know.',
    nextStep: 'Look for this moment in the log and report it if it comes back.',
    retry: 'backoff',
    confidence: 'unknown',
  }
}
