import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { GUID } from '#emulator/directory/ids.ts'
import { AADSTS, type AadstsCode, CHALLENGED, SUBERRORS, WITHOUT_PAGE } from '#emulator/entra/aadsts.ts'
import { answerHeaders } from '#emulator/entra/answer-headers.ts'

const NO_POLICY = 'c0ffee00-0000-4000-8000-000000000001'

/** A refusal of the identity platform. */
export class EntraError extends Error {
  readonly code: AadstsCode
  readonly status: ContentfulStatusCode
  readonly error: string
  readonly suberror: string | undefined
  /** Ids of the policies that want more, for the challenge. */
  policies: readonly string[] = []

  constructor(code: AadstsCode, ...words: readonly string[]) {
    const [status, error, text]: readonly [number, string, string] = AADSTS[code]
    super(text.replace(/\{(\d)\}/g, (_, index) => words[Number(index)] ?? '…'))
    this.name = 'EntraError'
    this.code = code
    this.status = status as ContentfulStatusCode
    this.error = error
    this.suberror = SUBERRORS[code]
  }

  get description(): string {
    return `AADSTS${this.code}: ${this.message}`
  }
}

/** `2026-11-23 03:00:00Z`, as Entra ID writes it. */
const stamp = (at: Date) => `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`

/** `2025-09-03T17:04:47.0000000Z`, as .NET writes it into the texts. */
export const ticks = (at: Date): string => at.toISOString().replace('Z', '0000Z')

const endingOf = (trace: string, correlation: string, timestamp: string): string =>
  ` Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`

const correlationOf = (sent: string | null | undefined): string => (sent && GUID.test(sent) ? sent : randomUUID())

/** What Microsoft’s support asks for; on a page it stands by itself. */
export const supportDetails = ({ now, correlationId }: { now: Date; correlationId?: string | null | undefined }) => ({
  requestId: randomUUID(),
  correlationId: correlationOf(correlationId),
  timestamp: stamp(now),
})

/** What of a refusal stands in an address, where there is no body for the rest. */
export function describe(description: string, facts: { now: Date; correlationId: string | null }): string {
  const { requestId, correlationId, timestamp } = supportDetails(facts)
  return description + endingOf(requestId, correlationId, timestamp)
}

/** Discovery speaks of the tenant where the token endpoint speaks of the request. @see openid-configuration of an unknown tenant */
export const asDiscovery = (error: EntraError): EntraError =>
  error.code === 90002 ? Object.assign(error, { error: 'invalid_tenant' }) : error

/** What an answer has to know of a refusal; mischief refuses with numbers, too, that are no code of the emulator. */
export type Refusal = Pick<EntraError, 'status' | 'error' | 'suberror' | 'policies' | 'description'> & { code: number }

/** The body of a refusal of the token endpoint and its relatives. */
export function errorBody(
  error: Refusal,
  { now, correlationId, origin }: { now: Date; correlationId?: string | undefined; origin: string },
): { trace_id: string } & Readonly<Record<string, unknown>> {
  const trace = randomUUID()
  const correlation = correlationOf(correlationId)
  const timestamp = stamp(now)
  return {
    error: error.error,
    error_description: error.description + endingOf(trace, correlation, timestamp),
    error_codes: [error.code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    ...(isOneOf(WITHOUT_PAGE, error.code) ? {} : { error_uri: `${origin}/error?code=${error.code}` }),
    ...(error.suberror ? { suberror: error.suberror } : {}),
    ...(isOneOf(CHALLENGED, error.code) ? { claims: challenge(error.policies) } : {}),
  }
}

const isOneOf = (codes: readonly number[], code: number): boolean => codes.includes(code)

/** A JSON text in a JSON text, to be given back with the next request as it is. */
const challenge = (policies: readonly string[]): string =>
  JSON.stringify({
    access_token: { capolids: { essential: true, values: policies.length > 0 ? policies : [NO_POLICY] } },
  })

/** That a policy of conditional access is the reason. */
export const byPolicy = (error: EntraError, policies: readonly { id: string }[]): EntraError =>
  Object.assign(error, { policies: policies.map(({ id }) => id) })

export const answerError = (
  c: Context,
  error: Refusal,
  details: { now: Date; correlationId?: string | undefined; origin: string },
): Response => {
  const body = errorBody(error, details)
  return c.json(body, error.status, answerHeaders(body.trace_id))
}
