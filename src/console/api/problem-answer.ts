import type { Context } from 'hono'
import { codeInWords, type Status } from '#console/problem-words.ts'
import type { Diagnosis } from '#model/problem.ts'

/** What only a program that calls the API can do wrong. */
export type ApiCode = 'REQUEST_INVALID' | 'REQUEST_REFUSED' | 'NOT_SIGNED_IN' | 'NOT_FOUND'
type Told = Pick<Diagnosis, 'owner' | 'message' | 'nextStep'> &
  Partial<Pick<Diagnosis, 'retry' | 'sourceCode' | 'traceId' | 'correlationId'>> & { code: Diagnosis['code'] | ApiCode }

/** A problem for programs: the standard's members, and ours. @see RFC 9457 */
export function problemAnswer(
  c: Context,
  { code, owner, message, nextStep, retry = 'never', sourceCode, traceId, correlationId }: Told,
  status: Status,
  more: Record<string, unknown> = {},
): Response {
  const body = {
    type: `urn:tenantry:problem:${code}`,
    title: codeInWords(code),
    status,
    detail: message,
    code,
    owner,
    nextStep,
    retry,
    ...(sourceCode ? { sourceCode } : {}),
    ...(traceId ? { traceId } : {}),
    ...(correlationId ? { correlationId } : {}),
    ...more,
  }
  return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json; charset=utf-8' })
}
