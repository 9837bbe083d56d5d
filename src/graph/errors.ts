import { z } from 'zod'
import { claimsWanted } from '#graph/claims-challenge.ts'
import type { TenantId } from '#model/ids.ts'
import { type Diagnosis, Problem } from '#model/problem.ts'
import { patienceStated } from '#outbound/retry-after.ts'
import type { Answer } from '#outbound/send.ts'

type Meaning = Pick<Diagnosis, 'code' | 'owner' | 'message' | 'nextStep' | 'retry' | 'confidence'>

const id = z
  .string()
  .regex(/^[\w-]{1,80}$/)
  .optional()
  .catch(undefined)
const inner = z.looseObject({ 'request-id': id, 'client-request-id': id }).optional().catch(undefined)
/** One part that makes no sense says nothing of the others. */
const envelope = z.object({
  error: z.looseObject({
    code: z.string().catch(''),
    message: z.string().catch(''),
    details: z.array(z.looseObject({ message: z.string().catch('') })).catch([]),
    innerError: inner,
    innererror: inner,
  }),
})

/** Graph's error, as far as it can be read. */
export type GraphError = { code: string; messages: readonly string[]; requestId?: string; clientRequestId?: string }

export function readGraphError(text: string): GraphError {
  const parsed = envelope.safeParse(safeJson(text))
  if (!parsed.success) return { code: '', messages: [] }
  const { code, message, details, innerError, innererror } = parsed.data.error
  const ids = innerError ?? innererror
  return {
    code,
    messages: [message, ...details.map((detail) => detail.message)],
    ...(ids?.['request-id'] ? { requestId: ids['request-id'] } : {}),
    ...(ids?.['client-request-id'] ? { clientRequestId: ids['client-request-id'] } : {}),
  }
}

const meaning = (
  code: Meaning['code'],
  owner: Meaning['owner'],
  message: string,
  nextStep: string,
  retry: Meaning['retry'],
  confidence: Meaning['confidence'] = 'certain',
): Meaning => ({ code, owner, message, nextStep, retry, confidence })

const BY_ITSELF = 'It is tried again by itself.'

/** What texts that Graph has no code of its own for mean; they stand behind a plain 400. */
const BY_TEXT: readonly { text: RegExp; means: Meaning }[] = [
  {
    text: /not a valid reference update|does not reference a valid application object|backing application of the service principal|permission being assigned was not found on application/i,
    means: meaning(
      'GRANT_NOT_VISIBLE_YET',
      'nobody',
      'Microsoft Graph does not show the new object everywhere yet.',
      BY_ITSELF,
      'backoff',
      'probable',
    ),
  },
  {
    text: /already exists on the object|EntitlementGrant entry already exists/i,
    means: meaning(
      'GRANT_NOT_VISIBLE_YET',
      'nobody',
      'The permission is granted, but Microsoft Graph does not show it everywhere yet.',
      BY_ITSELF,
      'backoff',
      'probable',
    ),
  },
]

const asksWrongly = meaning(
  'GRAPH_REFUSED',
  'operator',
  'Microsoft Graph does not answer what was asked.',
  'Correct the request: its filter, its properties or its method.',
  'never',
)

/** @see https://learn.microsoft.com/graph/errors */
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  401: meaning('TOKEN_REFUSED', 'nobody', 'Microsoft Graph refused the token.', BY_ITSELF, 'backoff', 'probable'),
  403: meaning(
    'PERMISSION_MISSING',
    'customer-administrator',
    'Microsoft Graph refuses: a permission is missing.',
    'An administrator of the tenant opens the landing page and grants what is missing.',
    'slowly',
    'probable',
  ),
  404: meaning(
    'NOT_FOUND',
    'nobody',
    'Microsoft Graph does not find the object.',
    'It may not be visible yet, or it is gone.',
    'backoff',
    'probable',
  ),
  410: meaning(
    'SYNC_STATE_LOST',
    'nobody',
    'Microsoft Graph has forgotten what the link stands for.',
    'Everything is read anew, by itself.',
    'backoff',
  ),
  429: meaning('THROTTLED', 'nobody', 'Microsoft Graph asks for patience.', BY_ITSELF, 'backoff'),
  500: meaning('UNAVAILABLE', 'microsoft', 'Microsoft Graph had a fault.', BY_ITSELF, 'backoff'),
  502: meaning('UNAVAILABLE', 'microsoft', 'Microsoft Graph had a fault.', BY_ITSELF, 'backoff'),
  503: meaning('UNAVAILABLE', 'microsoft', 'Microsoft Graph is busy for the moment.', BY_ITSELF, 'backoff'),
  402: meaning(
    'RESOURCE_UNAVAILABLE',
    'operator',
    'What is asked has to be paid for.',
    'Set up billing for this API in your home tenant.',
    'slowly',
  ),
  405: asksWrongly,
  507: meaning('UNAVAILABLE', 'microsoft', 'A quota at Microsoft is used up.', BY_ITSELF, 'backoff'),
  509: meaning('THROTTLED', 'nobody', 'Microsoft Graph asks for patience.', BY_ITSELF, 'backoff'),
  504: meaning('UNAVAILABLE', 'microsoft', 'Microsoft Graph took too long.', BY_ITSELF, 'backoff'),
}

/** A code of Graph that says more than its status. @see https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset */
const BY_CODE: ReadonlyMap<string, Meaning | undefined> = new Map(
  Object.entries({
    syncStateNotFound: BY_STATUS[410],
    syncStateInvalid: BY_STATUS[410],
    resyncRequired: BY_STATUS[410],
    Directory_ExpiredPageToken: BY_STATUS[410],
    // When it is gone for good, the next request for a token says so with a code of its own.
    Authorization_IdentityNotFound: meaning(
      'NOT_FOUND',
      'nobody',
      'Microsoft Graph does not find the app in the tenant: not yet, or no longer.',
      BY_ITSELF,
      'backoff',
      'probable',
    ),
    Authentication_RequestFromNonPremiumTenantOrB2CTenant: meaning(
      'RESOURCE_UNAVAILABLE',
      'customer-administrator',
      'The tenant has no licence for what is asked.',
      'The tenant needs Microsoft Entra ID P1 or P2, or the app does without it.',
      'slowly',
    ),
    Request_UnsupportedQuery: asksWrongly,
    NotImplemented: asksWrongly,
  }),
)

const REFUSED = meaning(
  'GRAPH_REFUSED',
  'operator',
  'Microsoft Graph refused the request.',
  'Look Microsoft’s code up, and report it to Tenantry.',
  'slowly',
  'unknown',
)

/** What a policy of the tenant wants, no app can give by itself. @see https://learn.microsoft.com/entra/identity/conditional-access/workload-identity */
const CHALLENGED = meaning(
  'CONDITIONAL_ACCESS',
  'customer-administrator',
  'A policy of the tenant does not accept the app’s token.',
  'An administrator of the tenant allows the app in the Conditional Access policy that blocks it.',
  'slowly',
)

/** Whatever says 403 in a language of its own stands between Graph and us, and knows nothing of the tenant. */
const UNREADABLE = meaning(
  'ANSWER_UNREADABLE',
  'microsoft',
  'A refusal came that cannot be read, and so is hardly Microsoft Graph’s own.',
  'It is tried again later by itself.',
  'backoff',
  'probable',
)

/** Graph refuses in JSON. Its statuses of overload, and those that nothing but a status was sent with, speak for themselves. */
function byStatus(status: number, text: string): Meaning {
  const isForeign = status >= 400 && status < 500 && status !== 429 && safeJson(text) === undefined
  if (isForeign && text !== '') return UNREADABLE
  return BY_STATUS[status] ?? (isForeign ? UNREADABLE : REFUSED)
}

/** An answer of Graph that is no success. Its message may hold names, so only the codes and ids are kept. */
export function fromGraph({ status, headers, text }: Answer, now: Date): Problem {
  const error = readGraphError(text)
  const challenged = status === 401 && claimsWanted(headers['www-authenticate']) !== null
  const means =
    (challenged ? CHALLENGED : undefined) ??
    BY_TEXT.find((row) => error.messages.some((message) => row.text.test(message)))?.means ??
    BY_CODE.get(error.code) ??
    byStatus(status, text)
  const requestId = error.requestId ?? headers['request-id']
  return new Problem({
    ...means,
    sourceCode: /^[\w.]{1,80}$/.test(error.code) ? error.code : `HTTP ${status}`,
    ...(requestId ? { traceId: requestId } : {}),
    ...(error.clientRequestId ? { correlationId: error.clientRequestId } : {}),
    ...patienceStated(headers, now),
  })
}

/** Undefined for what is no JSON. */
function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Graph answered, and what it said is no use to anybody. It is Microsoft's, and mostly passes. */
export const unreadable = (message: string): Problem =>
  new Problem({
    code: 'ANSWER_UNREADABLE',
    owner: 'microsoft',
    message,
    nextStep: 'It is tried again later by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })

/** A person’s token cannot be renewed: whose is refused, and refused again, has to sign in once more. */
export const signInEnded = (refused: Problem): Problem =>
  new Problem(
    {
      ...refused.diagnosis,
      code: 'SIGN_IN_ENDED',
      owner: 'customer-administrator',
      message: 'The sign-in is no longer good: Microsoft Graph does not take its token any more.',
      nextStep: 'Sign in again. What has been done already is recognised.',
      retry: 'never',
    },
    { cause: refused },
  )

/** Somebody else’s directory answered, whatever the token said. */
export const otherTenant = (tenantId: TenantId) =>
  new Problem({
    code: 'TOKEN_OF_OTHER_TENANT',
    owner: 'operator',
    message: `Microsoft Graph answered for another tenant than ${tenantId}.`,
    nextStep:
      'Nothing was stored. Look in the log of that moment for what stands between us and Microsoft, such as a proxy, and report it to Microsoft’s support at once: it must never happen.',
    retry: 'never',
    confidence: 'certain',
  })
