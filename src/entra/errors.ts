import { z } from 'zod'
import { AADSTS, type Meaning, OAUTH_ERRORS, SUBERRORS, unknownMeaning } from '#entra/aadsts.ts'
import { Problem } from '#model/problem.ts'
import { patienceStated } from '#outbound/retry-after.ts'

/** What is stored, and counted by its name, is one word. */
const WORD = /^[\w.-]{1,80}$/
const word = z.string().regex(WORD)

/**
 * An answer of the token endpoint that is not a success. One part of it that makes no sense says nothing of the others.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application
 */
const errorBody = z.object({
  error: word.catch(''),
  suberror: z.string().catch(''),
  error_description: z.string().catch(''),
  error_codes: z.array(z.coerce.number().int().positive()).catch([]),
  trace_id: word.optional().catch(undefined),
  correlation_id: word.optional().catch(undefined),
})
type Said = { codes: readonly number[]; error: string; suberror?: string; status: number }

/** An older form puts the finer code behind this sentence: "AADSTS70002: Error validating credentials. AADSTS54005: …". */
const BEGINNING = /^(?:AADSTS70002: Error validating credentials\. )?AADSTS(\d{4,8})\b/

/** Only how a description begins is Microsoft's word: further on it names tenants and people, who name themselves. */
function codesIn(description: string): number[] {
  const code = BEGINNING.exec(description)?.[1]
  return code === undefined ? [] : [Number(code)]
}

/**
 * The outermost code stands first, the finest that we know says most. Without one the words decide, unless the status says
 * that it was no time for an answer.
 */
function meaningOf({ codes, error, suberror = '', status }: Said): { meaning: Meaning; sourceCode?: string } {
  const code = codes.findLast((candidate) => candidate in AADSTS)
  if (code !== undefined) return { meaning: AADSTS[code] ?? unknownMeaning(status), sourceCode: `AADSTS${code}` }
  const words = SUBERRORS.get(suberror) ?? OAUTH_ERRORS.get(error)
  const isBusy = status === 429 || status >= 500
  const meaning = words && (!isBusy || words.owner === 'microsoft') ? words : unknownMeaning(status)
  const unknownCode = codes.at(-1)
  return unknownCode === undefined
    ? { meaning, ...(error ? { sourceCode: error } : {}) }
    : { meaning: { ...meaning, confidence: 'unknown' }, sourceCode: `AADSTS${unknownCode}` }
}

/** A failed answer of the token endpoint as a Problem. Its description may hold names and addresses, so it goes nowhere. */
export function fromTokenAnswer({
  status,
  headers,
  now,
  body,
}: {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  now: Date
  body: unknown
}): Problem {
  const parsed = errorBody.safeParse(body)
  const { error, suberror, error_description, error_codes, trace_id, correlation_id } = parsed.success
    ? parsed.data
    : errorBody.parse({})
  const codes = error_codes.length > 0 ? error_codes : codesIn(error_description)
  const { meaning, sourceCode } = meaningOf({ codes, error, suberror, status })
  return new Problem({
    ...meaning,
    ...(sourceCode ? { sourceCode } : {}),
    ...(trace_id ? { traceId: trace_id } : {}),
    ...(correlation_id ? { correlationId: correlation_id } : {}),
    ...patienceStated(headers, now),
  })
}

/**
 * An error that came back on a redirect. Whatever else the query says, `admin_consent=True` included, an error is a refusal.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent#error-response
 */
export function fromRedirect({
  error = '',
  error_description = '',
}: {
  error?: string
  error_description?: string
}): Problem {
  const { meaning, sourceCode } = meaningOf({ codes: codesIn(error_description), error, status: 400 })
  const known = /^AADSTS\d+$|^[a-z_]{1,40}$/.test(sourceCode ?? '')
  return new Problem({ ...meaning, ...(sourceCode && known ? { sourceCode } : {}) })
}

/** MSAL refused by itself, before or after asking; the nonce is the one thing that it does check. */
export function fromMsal(thrown: unknown): Problem {
  const code = thrown instanceof Error && 'errorCode' in thrown ? String(thrown.errorCode) : ''
  if (code === 'nonce_mismatch')
    return new Problem({
      code: 'ID_TOKEN_INVALID',
      owner: 'operator',
      message: 'The ID token was refused: it does not belong to this sign-in.',
      nextStep: 'Start again. If it happens again, somebody may be in the middle: report it.',
      retry: 'never',
      confidence: 'certain',
    })
  const unreadable = ['token_parsing_error', 'null_or_empty_token', 'client_info_decoding_error'].includes(code)
  return new Problem(
    {
      code: unreadable ? 'ID_TOKEN_INVALID' : 'UNKNOWN',
      owner: 'operator',
      message: unreadable ? 'The ID token was refused: it cannot be read.' : 'The sign-in library refused to go on.',
      nextStep: 'Start again, and look for this moment in the log if it happens again.',
      retry: unreadable ? 'never' : 'backoff',
      confidence: 'unknown',
      ...(WORD.test(code) ? { sourceCode: code } : {}),
    },
    { cause: thrown },
  )
}
