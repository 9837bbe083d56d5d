import assert from 'node:assert/strict'
import { createHash, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt, SignJWT } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  EXPIRED_SECRET,
  FABRIKAM,
  GRAPH,
  GRAPH_DEFAULT,
  ISV,
  makeClientCertificate,
  PUBLIC_APP,
  SECRET,
  SINGLE_APP,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { msalFor } from '#emulator/test/support/msal.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const client = makeClientCertificate()
const other = makeClientCertificate()
const expired = makeClientCertificate(new Date('2020-01-01T00:00:00Z'), new Date('2021-01-01T00:00:00Z'))
const emulator = await startEmulator({ estate: testEstate([client.certificate, expired.certificate]) })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const appOnly = (more: Record<string, string | undefined> = {}, segment = CONTOSO) => {
  const form: Record<string, string | undefined> = {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: GRAPH_DEFAULT,
    ...more,
  }
  return askToken(
    emulator,
    segment,
    Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  )
}

const hash = (algorithm: string, pem: string) =>
  createHash(algorithm).update(new X509Certificate(pem).raw).digest('base64url')

type Assertion = {
  alg?: string
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  key?: KeyObject
}
async function assertionOf({ alg = 'PS256', header, claims = {}, key = client.key }: Assertion = {}): Promise<string> {
  const now = emulator.clock.now().getTime() / 1000
  return new SignJWT({
    aud: `${emulator.origin}/${CONTOSO}/oauth2/v2.0/token`,
    iss: APP,
    sub: APP,
    jti: randomUUID(),
    nbf: Math.floor(now),
    exp: Math.floor(now) + 600,
    ...claims,
  })
    .setProtectedHeader({ alg, ...(header ?? { 'x5t#S256': hash('sha256', client.certificate) }) })
    .sign(key)
}
const assertionForm = (assertion: string) => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
})
const byAssertion = async (assertion: Assertion = {}, segment = CONTOSO) =>
  appOnly({ client_secret: undefined, ...assertionForm(await assertionOf(assertion)) }, segment)

/** Signed over claims that a library would not sign. */
function handMade(claims: Record<string, unknown>): string {
  const part = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url')
  const aud = `${emulator.origin}/${CONTOSO}/oauth2/v2.0/token`
  const exp = Math.floor(emulator.clock.now().getTime() / 1000) + 600
  const head = part({ alg: 'RS256', x5t: hash('sha1', client.certificate) })
  const signed = `${head}.${part({ aud, exp, iss: APP, sub: APP, ...claims })}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), client.key).toString('base64url')}`
}

const msalByCertificate = (hear?: (form: URLSearchParams) => void) =>
  msalFor(emulator, CONTOSO, {
    credential: {
      clientCertificate: {
        thumbprintSha256: Buffer.from(hash('sha256', client.certificate), 'base64url').toString('hex'),
        privateKey: client.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    },
    ...(hear ? { hear } : {}),
  })

test('MSAL gets an app-only token by secret and by certificate', async () => {
  const bySecret = await msalFor(emulator, CONTOSO).acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
  assert.equal(decodeJwt(bySecret?.accessToken ?? '').appidacr, '1')
  const byCertificate = await msalByCertificate().acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
  assert.equal(decodeJwt(byCertificate?.accessToken ?? '').appidacr, '2')
})

test('the answer has four fields; the token says who, where and what', async () => {
  const { status, body } = await appOnly({ client_info: '1' })
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body).sort(), ['access_token', 'expires_in', 'ext_expires_in', 'token_type'])
  const claims = decodeJwt(body.access_token)
  assert.equal(claims.aud, 'https://graph.microsoft.com')
  assert.equal(claims.iss, `https://sts.windows.net/${CONTOSO}/`)
  assert.equal(claims.tid, CONTOSO)
  assert.equal(claims.appid, APP)
  assert.equal(claims.idtyp, 'app')
  assert.equal(claims.oid, claims.sub)
  assert.deepEqual(claims.roles, ['User.Read.All'])
  assert.deepEqual(claims.wids, ['0997a1d0-0d1d-4acb-b408-d5ca73121e90'])
  assert.equal(claims.ver, '1.0')
  const { iat = 0, exp = 0 } = claims
  assert.ok(body.expires_in >= 3599 && body.expires_in < 5400)
  assert.equal(exp - iat, body.expires_in + 300, 'dated five minutes back')
})

test('an API of our own gets a v2 token with its client id as audience', async () => {
  const { body } = await appOnly({ scope: 'api://orders/.default' })
  const claims = decodeJwt(body.access_token)
  assert.equal(claims.aud, API_APP)
  assert.equal(claims.ver, '2.0')
  assert.equal(claims.azp, APP)
  assert.equal(claims.azpacr, '1')
  assert.equal(claims.iss, `${emulator.origin}/${CONTOSO}/v2.0`)
  assert.equal('roles' in claims, false, 'no role, no claim')
})

test('an API whose registration does not say which version it wants gets v1 tokens', async () => {
  const { body } = await appOnly({ scope: `${SINGLE_APP}/.default` }, ISV)
  const { ver, iss, aud, appid } = decodeJwt(body.access_token)
  assert.deepEqual(
    { ver, iss, aud, appid },
    { ver: '1.0', iss: `https://sts.windows.net/${ISV}/`, aud: SINGLE_APP, appid: APP },
  )
})

test('Graph is known by every spelling, and the audience follows it', async () => {
  for (const scope of ['https://graph.microsoft.com//.default', `${GRAPH_DEFAULT} openid profile`])
    assert.equal(decodeJwt((await appOnly({ scope })).body.access_token).aud, 'https://graph.microsoft.com')
  assert.equal(decodeJwt((await appOnly({ scope: `${GRAPH}/.default` })).body.access_token).aud, GRAPH)
})

test('roles are a snapshot: granted after the token, they come with the next', async () => {
  const rolesNow = async () => decodeJwt((await appOnly()).body.access_token).roles
  assert.deepEqual(await rolesNow(), ['User.Read.All'])
  await emulator.directory.grantPermission({ tenant: CONTOSO, app: APP, permission: 'Group.Read.All' })
  assert.deepEqual(await rolesNow(), ['User.Read.All', 'Group.Read.All'])
  await emulator.directory.revokePermission({ tenant: CONTOSO, app: APP, permission: 'User.Read.All' })
  assert.deepEqual(await rolesNow(), ['Group.Read.All'])
  await emulator.directory.revokePermission({ tenant: CONTOSO, app: APP, permission: 'Group.Read.All' })
  assert.equal(await rolesNow(), undefined)
})

test('each tenant has its own service principal; deleting one ends that tenant’s tokens: AADSTS7000229', async () => {
  const before = decodeJwt((await appOnly()).body.access_token).oid
  await emulator.directory.deleteServicePrincipal({ tenant: CONTOSO, app: APP })
  const gone = await appOnly()
  assert.equal(gone.status, 401)
  assert.equal(gone.body.error, 'invalid_client')
  assert.deepEqual(gone.body.error_codes, [7000229])
  assert.match(gone.body.error_description, new RegExp(`${APP} is missing service principal in the tenant ${CONTOSO}`))
  assert.equal((await appOnly({}, ISV)).status, 200, 'other tenants keep theirs')
  await emulator.directory.addServicePrincipal({ tenant: CONTOSO, app: APP })
  const after = decodeJwt((await appOnly()).body.access_token)
  assert.notEqual(after.oid, before, 'born again under another id')
  assert.equal(after.roles, undefined, 'its assignments went with it')
})

test('refusals have the documented code, status and error', async () => {
  const strange = randomUUID()
  await emulator.directory.addServicePrincipal({ tenant: FABRIKAM, app: APP })
  await emulator.directory.setServicePrincipalEnabled({ tenant: FABRIKAM, app: APP, enabled: false })
  const table: readonly (readonly [number, number, string, Awaited<ReturnType<typeof appOnly>>])[] = [
    [7000215, 401, 'invalid_client', await appOnly({ client_secret: 'wrong' })],
    [7000222, 401, 'invalid_client', await appOnly({ client_secret: EXPIRED_SECRET })],
    [7000218, 401, 'invalid_client', await appOnly({ client_secret: undefined })],
    [700016, 400, 'unauthorized_client', await appOnly({ client_id: strange })],
    [700016, 400, 'unauthorized_client', await appOnly({ client_id: SINGLE_APP })],
    [7000112, 400, 'unauthorized_client', await appOnly({}, FABRIKAM)],
    [700025, 401, 'invalid_client', await appOnly({ client_id: PUBLIC_APP })],
    [90002, 400, 'invalid_request', await appOnly({}, strange)],
    [900023, 400, 'invalid_request', await appOnly({}, 'nonsense')],
    [9001023, 400, 'invalid_request', await appOnly({}, 'common')],
    [1002012, 400, 'invalid_scope', await appOnly({ scope: 'https://graph.microsoft.com/User.Read.All' })],
    [500011, 400, 'invalid_resource', await appOnly({ scope: 'https://nobody.example/.default' })],
    [900144, 400, 'invalid_request', await appOnly({ scope: undefined })],
    [900144, 400, 'invalid_request', await appOnly({ grant_type: undefined })],
    [900144, 400, 'invalid_request', await appOnly({ client_id: undefined })],
    [70003, 400, 'unsupported_grant_type', await appOnly({ grant_type: 'magic' })],
    [901002, 400, 'invalid_request', await appOnly({ resource: 'https://graph.microsoft.com' })],
  ]
  for (const [code, status, error, answer] of table) {
    assert.deepEqual(answer.body.error_codes, [code])
    assert.equal(answer.status, status, String(code))
    assert.equal(answer.body.error, error, String(code))
    assert.match(answer.body.error_description, new RegExp(`^AADSTS${code}: `))
  }
})

test('a secret expires when the clock is turned, and a new one takes over', async () => {
  emulator.clock.advance({ days: 3 * 365 })
  assert.deepEqual((await appOnly()).body.error_codes, [7000222])
  const client_secret = await emulator.directory.addSecret({ app: APP })
  assert.equal((await appOnly({ client_secret })).status, 200)
  await emulator.directory.removeSecrets({ app: APP, value: client_secret })
  assert.deepEqual((await appOnly({ client_secret })).body.error_codes, [7000215])
})

test('the secret may come by HTTP Basic', async () => {
  const basic = (secret: string) =>
    askToken(
      emulator,
      CONTOSO,
      { grant_type: 'client_credentials', scope: GRAPH_DEFAULT },
      { authorization: `Basic ${Buffer.from(`${APP}:${encodeURIComponent(secret)}`).toString('base64')}` },
    )
  assert.equal((await basic(SECRET)).status, 200)
  assert.deepEqual((await basic('wrong')).body.error_codes, [7000215])
  for (const value of ['with a space', 'a:b:c', '50% of it']) {
    await emulator.directory.addSecret({ app: APP, value })
    assert.equal((await basic(value)).status, 200, value)
  }
  const raw = { authorization: `Basic ${Buffer.from(`${APP}:50%off`).toString('base64')}` }
  const unencoded = await askToken(emulator, CONTOSO, { grant_type: 'client_credentials', scope: GRAPH_DEFAULT }, raw)
  assert.deepEqual(unencoded.body.error_codes, [7000215], 'what is not encoded is refused, too, and breaks nothing')
})

test('assertions: RS256 and PS256, x5t with and without padding, x5t#S256, fractions of seconds, no nbf', async () => {
  const now = emulator.clock.now().getTime() / 1000
  const sha1 = hash('sha1', client.certificate)
  const good: readonly Assertion[] = [
    {},
    { alg: 'RS256' },
    { alg: 'RS256', header: { x5t: sha1 } },
    { alg: 'RS256', header: { x5t: `${sha1}=` }, claims: { exp: now + 600.25, iat: now + 0.5, nbf: undefined } },
    { alg: 'PS256', header: { 'x5t#S256': hash('sha256', client.certificate), x5c: ['MII\nwith newlines\n'] } },
    { claims: { aud: `${emulator.origin}/contoso.example/oauth2/v2.0/token` } },
    { claims: { aud: `${emulator.origin}/${CONTOSO}/v2.0` } },
    { claims: { aud: `${emulator.origin}/${CONTOSO}/oauth2/token` } },
  ]
  for (const assertion of good) {
    const answer = await byAssertion(assertion)
    assert.equal(answer.status, 200, `${JSON.stringify(assertion)}: ${answer.body.error_description}`)
    assert.equal(decodeJwt(answer.body.access_token).appidacr, '2')
  }
})

test('assertions that are refused say why', async () => {
  const now = Math.floor(emulator.clock.now().getTime() / 1000)
  const table: readonly (readonly [number, RegExp, Assertion])[] = [
    [700027, /The key was not found/, { header: { 'x5t#S256': hash('sha256', other.certificate) }, key: other.key }],
    [700027, /use of the key to verify the signature failed/, { key: other.key }],
    [700023, /audience/, { claims: { aud: 'https://evil.example/token' } }],
    [700023, /audience/, { claims: { aud: `${emulator.origin}/${FABRIKAM}/oauth2/v2.0/token` } }],
    [700024, /valid time range/, { claims: { exp: now - 301 } }],
    [700024, /expiry time of assertion 1970-01-01T00:00:00\.0000000Z/, { claims: { exp: undefined } }],
    [700024, /assertion valid from 1970-01-01T00:00:00\.0000000Z/, { claims: { nbf: undefined, exp: now - 301 } }],
    [700024, /valid time range/, { claims: { nbf: now + 900, exp: now + 1200 } }],
    [50048, /do not match/, { claims: { iss: randomUUID() } }],
    [700021, /doesn't match 'client_id'/, { claims: { iss: SINGLE_APP, sub: SINGLE_APP } }],
    [1000502, /time range/, { header: { 'x5t#S256': hash('sha256', expired.certificate) }, key: expired.key }],
  ]
  for (const [code, words, assertion] of table) {
    const { status, body } = await byAssertion(assertion)
    assert.deepEqual(body.error_codes, [code], body.error_description)
    assert.equal(status, 401)
    assert.match(body.error_description, words)
  }
  const thumbprint = Buffer.from(hash('sha256', other.certificate), 'base64url').toString('hex').toUpperCase()
  const { body } = await byAssertion({ header: { 'x5t#S256': hash('sha256', other.certificate) }, key: other.key })
  assert.match(body.error_description, new RegExp(`Thumbprint of key used by client: '${thumbprint}'`))
})

test('MSAL shows the same assertion until it runs out, and is given tokens for it', async () => {
  const shown: string[] = []
  const client = msalByCertificate((form) => shown.push(form.get('client_assertion') ?? ''))
  for (const scope of [GRAPH_DEFAULT, GRAPH_DEFAULT, 'api://orders/.default'])
    assert.ok((await client.acquireTokenByClientCredential({ scopes: [scope], skipCache: true }))?.accessToken)
  assert.equal(shown.length, 3)
  assert.ok(decodeJwt(shown[0] ?? '').jti)
  assert.equal(new Set(shown).size, 1)
})

test('an assertion whose times are no times is no token', async () => {
  for (const claims of [{ exp: 'tomorrow' }, { exp: 1e300 }, { nbf: [] }] as const) {
    const assertion = handMade({ ...claims })
    const { status, body } = await appOnly({ client_secret: undefined, ...assertionForm(assertion) })
    assert.deepEqual([status, body.error, body.error_codes], [400, 'invalid_request', [50027]], JSON.stringify(claims))
  }
})

test('a certificate that is added works at once beside the old one', async () => {
  const assertion = { header: { 'x5t#S256': hash('sha256', other.certificate) }, key: other.key }
  assert.deepEqual((await byAssertion(assertion)).body.error_codes, [700027])
  await emulator.directory.addCertificate({ app: APP, certificate: other.certificate })
  assert.equal((await byAssertion(assertion)).status, 200)
  assert.equal((await byAssertion()).status, 200)
})

test('the v1 endpoint takes a resource and writes its numbers as strings', async () => {
  const { status, body } = await ask(emulator, `/${CONTOSO}/oauth2/token`, {
    form: {
      grant_type: 'client_credentials',
      client_id: APP,
      client_secret: SECRET,
      resource: 'https://graph.microsoft.com',
    },
  })
  assert.equal(status, 200)
  assert.equal(body.resource, 'https://graph.microsoft.com')
  for (const name of ['expires_in', 'ext_expires_in', 'expires_on', 'not_before']) assert.match(body[name], /^\d+$/)
  assert.deepEqual(decodeJwt(body.access_token).roles, ['User.Read.All'])
})

test('answers carry the headers of Entra ID; the trace id of a refusal is the request id', async () => {
  for (const answer of [await appOnly(), await appOnly({ client_secret: 'wrong' })]) {
    const { headers, body } = answer
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(headers.get('cache-control'), 'no-store, no-cache')
    assert.equal(headers.get('pragma'), 'no-cache')
    assert.equal(headers.get('expires'), '-1')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.match(headers.get('x-ms-request-id') ?? '', /^[0-9a-f-]{36}$/)
    if (body.trace_id) assert.equal(headers.get('x-ms-request-id'), body.trace_id)
  }
  const correlation = async (sent: string) => {
    const form = { grant_type: 'client_credentials', client_id: APP, client_secret: 'wrong', scope: GRAPH_DEFAULT }
    return (await askToken(emulator, CONTOSO, form, { 'client-request-id': sent })).body.correlation_id
  }
  const sent = randomUUID()
  assert.equal(await correlation(sent), sent)
  assert.match(await correlation('<not an id>'), /^[0-9a-f-]{36}$/)
})

test('a client that says CP1 finds it in its token', async () => {
  const { body } = await appOnly({ claims: '{"access_token":{"xms_cc":{"values":["CP1"]}}}' })
  assert.deepEqual(decodeJwt(body.access_token).xms_cc, ['CP1'])
})
