import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, afterEach, beforeEach, test } from 'node:test'
import { DEMO, demoEstate } from '#emulator/index.ts'
import { makeClientCertificate } from '#emulator/test/support/estate.ts'
import { appToken } from '#entra/app-token.ts'
import type { Entra, EntraCredential } from '#entra/open.ts'
import type { TenantId } from '#model/ids.ts'
import type { ProblemCode } from '#model/problem.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { CONTOSO, FABRIKAM } from '#test/support/installation.ts'
import { madeUp } from '#test/support/made-up.ts'
import { refusedWith } from '#test/support/problem.ts'

const gates = await openGates({ after })
const { emulator, entraWith } = gates
beforeEach(() => consent(gates, CONTOSO))
afterEach(() => emulator.reset())

const presence = { tenant: CONTOSO, app: DEMO.appId }
const secret = (value: string): EntraCredential => ({ kind: 'secret', secret: value })
const tenantOf = async (entra: Entra) => (await appToken(entra, CONTOSO)).tenantId
const DAY = 86_400_000

function certificate(notBefore?: Date, notAfter?: Date): { pem: string; credential: EntraCredential } {
  const { key, certificate: pem } = makeClientCertificate(notBefore, notAfter)
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '')
  return { pem, credential: { kind: 'certificate', thumbprintSha256, privateKey } }
}

/** Who mends it and whether to go on asking is as important as the name. */
async function owes(code: ProblemCode, owner: string, sourceCode: string, entra: Entra, tenantId: TenantId = CONTOSO) {
  const diagnosis = await refusedWith(code, () => appToken(entra, tenantId))
  assert.deepEqual([diagnosis.owner, diagnosis.sourceCode, diagnosis.retry], [owner, sourceCode, 'never'])
  assert.doesNotMatch(JSON.stringify(diagnosis), new RegExp(DEMO.secret))
}

test('a certificate that is registered works as the secret does', async () => {
  const { pem, credential } = certificate()
  await emulator.directory.addCertificate({ app: DEMO.appId, certificate: pem })
  assert.equal(await tenantOf(entraWith({ credential })), CONTOSO)
})

test('R08 old and new credentials overlap: each works until its own end', async () => {
  const { pem, credential } = certificate()
  const [before, after] = [entraWith({}), entraWith({ credential: secret('the-new-one') })]
  await emulator.directory.addSecret({ app: DEMO.appId, value: 'the-new-one' })
  await emulator.directory.addCertificate({ app: DEMO.appId, certificate: pem })
  for (const entra of [before, after, entraWith({ credential })]) assert.equal(await tenantOf(entra), CONTOSO)

  await emulator.directory.removeSecrets({ app: DEMO.appId, value: DEMO.secret })
  assert.equal(await tenantOf(before), CONTOSO, 'what was got with it is still good')
  await owes('CLIENT_SECRET_INVALID', 'operator', 'AADSTS7000215', entraWith({}))
  for (const entra of [entraWith({ credential: secret('the-new-one') }), entraWith({ credential })])
    assert.equal(await tenantOf(entra), CONTOSO)
})

test('R08 a credential that is wrong, over or not yet begun is ours to mend', async () => {
  await owes('CLIENT_SECRET_INVALID', 'operator', 'AADSTS7000215', entraWith({ credential: secret('wrong') }))

  const strange = certificate()
  await owes('CLIENT_CERTIFICATE_REJECTED', 'operator', 'AADSTS700027', entraWith(strange))
  const now = Date.now()
  const early = certificate(new Date(now + DAY), new Date(now + 9 * DAY))
  const late = certificate(new Date(now - 9 * DAY), new Date(now - DAY))
  for (const { pem, credential } of [early, late]) {
    await emulator.directory.addCertificate({ app: DEMO.appId, certificate: pem })
    await owes('CLIENT_CERTIFICATE_REJECTED', 'operator', 'AADSTS1000502', entraWith({ credential }))
  }
  const { pem } = certificate()
  await emulator.directory.addCertificate({ app: DEMO.appId, certificate: pem })
  const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '')
  await owes(
    'CLIENT_CERTIFICATE_REJECTED',
    'operator',
    'AADSTS700027',
    entraWith({ credential: { ...strange.credential, thumbprintSha256 } as EntraCredential }),
  )

  emulator.clock.advance({ days: 3 * 365 })
  await owes('CLIENT_SECRET_EXPIRED', 'operator', 'AADSTS7000222', entraWith({}))
})

test('a clock that is an hour wrong is said, as the certificate’s signature depends on it', async () => {
  const { pem, credential } = certificate()
  await emulator.directory.addCertificate({ app: DEMO.appId, certificate: pem })
  emulator.clock.advance({ hours: 1 })
  const diagnosis = await refusedWith('CLIENT_CERTIFICATE_REJECTED', () => appToken(entraWith({ credential }), CONTOSO))
  assert.equal(diagnosis.sourceCode, 'AADSTS700024')
  assert.match(diagnosis.nextStep, /clock/)
})

test('T15 every way in which a customer can end it has its own name', async () => {
  await emulator.directory.setServicePrincipalEnabled({ ...presence, enabled: false })
  await owes('SERVICE_PRINCIPAL_DISABLED', 'customer-administrator', 'AADSTS7000112', entraWith({}))
  await emulator.directory.deleteServicePrincipal(presence)
  await owes('SERVICE_PRINCIPAL_MISSING', 'customer-administrator', 'AADSTS7000229', entraWith({}))
  await emulator.directory.deleteTenant({ tenant: CONTOSO })
  await owes('TENANT_NOT_FOUND', 'customer-administrator', 'AADSTS90002', entraWith({}))

  await owes('SERVICE_PRINCIPAL_MISSING', 'customer-administrator', 'AADSTS7000229', entraWith({}), FABRIKAM)
  await owes('TENANT_NOT_FOUND', 'customer-administrator', 'AADSTS90002', entraWith({}), madeUp.tenantId())
})

test('an app that Microsoft does not know, and one that is registered for its home alone', async () => {
  const unknown = entraWith({ clientId: madeUp.clientId() })
  const { owner, sourceCode } = await refusedWith('SERVICE_PRINCIPAL_MISSING', () => appToken(unknown, CONTOSO))
  assert.deepEqual([owner, sourceCode], ['customer-administrator', 'AADSTS700016'])
})

test('T15 whatever a tenant calls itself, it is never taken for a code of Microsoft’s', async (t) => {
  const tenants = demoEstate.tenants.map((one) => (one.id === CONTOSO ? { ...one, displayName: 'AADSTS7000222' } : one))
  const named = await openGates({ after: (close) => t.after(close) }, { estate: { ...demoEstate, tenants } })
  const unknown = named.entraWith({ clientId: madeUp.clientId() })
  const { sourceCode } = await refusedWith('SERVICE_PRINCIPAL_MISSING', () => appToken(unknown, CONTOSO))
  assert.equal(sourceCode, 'AADSTS700016')
})

const SAID: readonly { says: string; codes?: readonly number[]; means: ProblemCode; named: string }[] = [
  { says: 'AADSTS70002: Bad. AADSTS54005: Used.', codes: [70002, 54005], means: 'CODE_EXPIRED', named: 'AADSTS54005' },
  {
    says: 'AADSTS700016: Not in ‘AADSTS7000222’.',
    codes: [],
    means: 'SERVICE_PRINCIPAL_MISSING',
    named: 'AADSTS700016',
  },
  { says: "AADSTS700016: Not in 'x'. AADSTS7000222: y'", means: 'SERVICE_PRINCIPAL_MISSING', named: 'AADSTS700016' },
  { says: 'AADSTS500011: Not in AADSTS7000222: .', means: 'RESOURCE_UNAVAILABLE', named: 'AADSTS500011' },
  { says: 'AADSTS7999999: Not in AADSTS7000222: .', means: 'APPLICATION_MISCONFIGURED', named: 'AADSTS7999999' },
  { says: 'Not in AADSTS7000222: .', means: 'APPLICATION_MISCONFIGURED', named: 'invalid_client' },
  {
    says: 'AADSTS70002: Error validating credentials. AADSTS7000215: Not in AADSTS54005: .',
    means: 'CLIENT_SECRET_INVALID',
    named: 'AADSTS7000215',
  },
]
for (const { says, codes, means, named } of SAID)
  test(`the code of “${says}” ${codes ? `with [${codes.join(', ')}] ` : ''}is ${named}`, async () => {
    const body = JSON.stringify({ error: 'invalid_client', error_description: says, error_codes: codes })
    const headers = { 'content-type': 'application/json' }
    emulator.mischief.add({ at: 'token', answer: { status: 401, headers, body } })
    const { sourceCode } = await refusedWith(means, () => appToken(entraWith({}), CONTOSO))
    assert.equal(sourceCode, named)
  })

/** @param body of which every part but those that are named is as it should be */
const answerWith = (status: number, body: object): void =>
  emulator.mischief.add({
    at: 'token',
    answer: { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  })
const SECRET_OVER = {
  error: 'invalid_client',
  error_description: 'AADSTS7000222: The provided client secret keys are expired.',
  error_codes: [7000222],
}

test('an answer of which one part makes no sense says what its other parts say', async () => {
  for (const oddity of [
    { trace_id: null },
    { correlation_id: 7 },
    { error_codes: ['7000222'] },
    { error_codes: null },
    { error_codes: ['x'] },
    { error_description: null },
    { error: 'x'.repeat(100_000), trace_id: 'y'.repeat(100_000) },
    { suberror: ['consent_required'], claims: {} },
  ]) {
    answerWith(401, { ...SECRET_OVER, ...oddity })
    const { sourceCode } = await refusedWith('CLIENT_SECRET_EXPIRED', () => appToken(entraWith({}), CONTOSO))
    assert.equal(sourceCode, 'AADSTS7000222', JSON.stringify(oddity))
    emulator.mischief.clear()
  }
})

test('without a code that we know, what stands beside the error decides, and a server that is busy says nothing of anybody', async () => {
  const unknown = { error: 'invalid_grant', error_description: 'AADSTS7999999: New.', error_codes: [7999999] }
  for (const [status, body, code, owner] of [
    [400, { ...unknown, suberror: 'consent_required' }, 'CONSENT_MISSING', 'customer-administrator'],
    [400, { ...unknown, suberror: 'message_only', claims: '{}' }, 'CONDITIONAL_ACCESS', 'customer-administrator'],
    [400, { ...unknown, suberror: 'bad_token' }, 'SIGN_IN_FAILED', 'customer-administrator'],
    [400, { ...unknown, suberror: 'something_new' }, 'CODE_EXPIRED', 'customer-administrator'],
    [503, { ...unknown, suberror: 'consent_required' }, 'UNAVAILABLE', 'microsoft'],
    [503, unknown, 'UNAVAILABLE', 'microsoft'],
    [429, { error: 'invalid_client' }, 'THROTTLED', 'microsoft'],
    [503, { error: 'temporarily_unavailable' }, 'UNAVAILABLE', 'microsoft'],
  ] as const) {
    answerWith(status, body)
    const found = await refusedWith(code, () => appToken(entraWith({}), CONTOSO))
    assert.equal(found.owner, owner, JSON.stringify(body))
    emulator.mischief.clear()
  }
})

test('an answer with neither a token nor an error in it is no token of somebody else’s', async () => {
  for (const [status, body, code] of [
    [200, {}, 'ANSWER_UNREADABLE'],
    [200, { access_token: '' }, 'ANSWER_UNREADABLE'],
    [200, [], 'UNAVAILABLE'],
    [307, {}, 'UNAVAILABLE'],
    [403, { message: 'Forbidden' }, 'UNAVAILABLE'],
    [500, {}, 'UNAVAILABLE'],
    [500, { access_token: 'not a token' }, 'UNAVAILABLE'],
  ] as const) {
    answerWith(status, body)
    const { retry } = await refusedWith(code, () => appToken(entraWith({}), CONTOSO))
    assert.notEqual(retry, 'never', `${status} ${JSON.stringify(body)}`)
    emulator.mischief.clear()
  }
})

test('G06 a bad moment of Entra ID is waited out, and says how long', async () => {
  const cases = [
    { answer: { status: 429, headers: { 'retry-after': '17' } }, code: 'THROTTLED', seconds: 17 },
    { answer: { status: 503, body: '<html>busy</html>' }, code: 'UNAVAILABLE' },
    { answer: { status: 504 }, code: 'UNAVAILABLE' },
    { answer: { status: 200, body: '<html>a proxy’s page</html>' }, code: 'UNAVAILABLE' },
    { answer: { status: 200, body: '' }, code: 'UNAVAILABLE' },
    { answer: { status: 400, body: '' }, code: 'UNAVAILABLE' },
    { answer: { status: 401, body: '<html>a proxy’s page</html>' }, code: 'UNAVAILABLE' },
    { answer: { status: 403, body: '{"error":"invalid_cli' }, code: 'UNAVAILABLE' },
    { truncate: 30, code: 'NETWORK' },
    { reset: true, code: 'NETWORK' },
  ] as const
  for (const { code, ...deed } of cases) {
    const seconds = 'seconds' in deed ? deed.seconds : undefined
    const { seconds: _said, ...rule } = { seconds: 0, ...deed }
    emulator.mischief.add({ at: 'token', ...rule })
    const diagnosis = await refusedWith(code, () => appToken(entraWith({}), CONTOSO))
    assert.deepEqual([diagnosis.retry, diagnosis.retryAfterSeconds], ['backoff', seconds], JSON.stringify(rule))
    emulator.mischief.clear()
  }
  assert.equal(await tenantOf(entraWith({})), CONTOSO)
})

test('T16 what a policy of the customer blocks is the customer’s to allow', async () => {
  for (const number of [53003, 500021, 530035]) {
    const body = {
      error: 'interaction_required',
      error_description: `AADSTS${number}: Access has been blocked. Trace ID: 1 Correlation ID: 2`,
      error_codes: [number],
      trace_id: 'trace',
      correlation_id: 'correlation',
      claims: '{"access_token":{"capolids":{"essential":true}}}',
    }
    const headers = { 'content-type': 'application/json' }
    emulator.mischief.add({ at: 'token', answer: { status: 400, headers, body: JSON.stringify(body) } })
    const diagnosis = await refusedWith('CONDITIONAL_ACCESS', () => appToken(entraWith({}), CONTOSO))
    assert.deepEqual(
      [diagnosis.owner, diagnosis.sourceCode, diagnosis.traceId, diagnosis.correlationId, diagnosis.retry],
      ['customer-administrator', `AADSTS${number}`, 'trace', 'correlation', 'slowly'],
    )
    emulator.mischief.clear()
  }
})
