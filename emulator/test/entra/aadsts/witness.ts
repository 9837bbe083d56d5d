import assert from 'node:assert/strict'
import type { Emulator } from '#emulator/index.ts'
import type { Clients } from '#emulator/test/entra/aadsts/clients.ts'

export type ClientName = 'MSAL Node' | 'openid-client' | 'oauth4webapi' | '@azure/identity' | 'a browser'

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Json = Record<string, any>
/** What came: an answer to a program, with what its client made of it, a page, or an answer at the client’s address. */
export type Seen =
  | { kind: 'answer'; status: number; body: Json; thrown: unknown }
  | { kind: 'page'; status: number; text: string }
  | { kind: 'address'; parameters: URLSearchParams; thrown: unknown }

export type Stage = { emulator: Emulator; clients: Clients }

/**
 * Who provoked a code, and how. What is expected is written here from Microsoft’s documentation, not taken from the emulator.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export type Witness = {
  code: number
  client: ClientName
  /** What leads there, as the end of a sentence: “arises when …”. */
  when: string
  /** Only when told to: trouble of Microsoft’s own. */
  byMischief?: true
  /** Microsoft has no page about it. */
  withoutPage?: true
  status?: number
  error?: string
  suberror?: string
  /** Whether the answer challenges the client to come back with claims. */
  challenges?: true
  text: RegExp
  provoke(stage: Stage): Promise<Seen>
}

const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/
/** What Microsoft’s support asks for. */
const ENDING = /\S Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Holds what came against the form that every refusal has, and against what this one should say. */
export function check(witness: Witness, seen: Seen): void {
  const { code, status = 400, error, text } = witness
  if (seen.kind === 'page') {
    assert.equal(seen.status, status)
    assert.match(seen.text, new RegExp(`AADSTS${code}: `))
    assert.match(asText(seen.text), text)
    return
  }
  if (seen.kind === 'address') {
    assert.ok(seen.thrown instanceof Error, 'the client did not take it for a refusal')
    assert.equal(seen.parameters.get('error'), error)
    assert.match(seen.parameters.get('error_description') ?? '', new RegExp(`^AADSTS${code}: `))
    assert.match(seen.parameters.get('error_description') ?? '', text)
    assert.match(seen.parameters.get('error_description') ?? '', ENDING)
    return
  }
  const { body } = seen
  assert.deepEqual(body.error_codes, [code], body.error_description)
  assert.equal(seen.status, status)
  assert.equal(body.error, error)
  assert.equal(body.suberror, witness.suberror)
  assert.match(body.error_description, text)
  assert.match(body.error_description, new RegExp(`^AADSTS${code}: `))
  assert.match(body.error_description, ENDING)
  assert.doesNotMatch(body.error_description, /\{\d\}|…:|undefined|null/, 'every gap of the text is filled')
  assert.match(body.timestamp, STAMP)
  assert.ok(body.error_description.endsWith(body.timestamp))
  assert.match(body.trace_id, GUID)
  assert.match(body.correlation_id, GUID)
  if (witness.byMischief || witness.withoutPage) assert.equal(body.error_uri, undefined)
  else assert.match(body.error_uri, new RegExp(`/error\\?code=${code}$`))
  if (witness.challenges) assert.deepEqual(Object.keys(JSON.parse(body.claims)), ['access_token'])
  else assert.equal(body.claims, undefined)
  assert.ok(seen.thrown instanceof Error, 'the client did not take it for a refusal')
  if (witness.client !== 'MSAL Node') return
  checkMsal(witness, seen.thrown)
  if (witness.challenges && 'claims' in seen.thrown) assert.equal(seen.thrown.claims, body.claims)
}

/** What MSAL makes of it: the very same error, and whether a person has to be asked. */
function checkMsal({ code, error, suberror }: Witness, thrown: Error): void {
  const told = thrown as Error & { errorCode: string; errorNo?: number; subError?: string; errorMessage: string }
  if (told.errorCode === 'endpoints_resolution_error' || told.errorCode === 'untrusted_authority') return
  assert.equal(told.errorCode, error)
  assert.equal(Number(told.errorNo), code)
  assert.equal(told.subError ?? '', suberror ?? '')
}

const asText = (html: string): string =>
  html.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&')
