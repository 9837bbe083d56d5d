import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { PublicClientApplication } from '@azure/msal-node'
import { decodeJwt, exportJWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { GRAPH_COMMAND_LINE_TOOLS } from '#emulator/directory/first-party.ts'
import { type Emulator, startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  PUBLIC_APP,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { msalFor, networkFor } from '#emulator/test/support/msal.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
/** A foreign issuer, as GitHub is one. */
const issuer = createServer((request, response) => {
  const origin = `http://localhost:${(issuer.address() as AddressInfo).port}`
  const path = request.url ?? ''
  void exportJWK(publicKey).then((jwk) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify(
          path.includes('openid-configuration')
            ? { issuer: origin, jwks_uri: `${origin}/keys` }
            : { keys: [{ ...jwk, kid: 'k' }] },
        ),
      ),
  )
}).listen(0, 'localhost')
await once(issuer, 'listening')
const foreign = `http://localhost:${(issuer.address() as AddressInfo).port}`
after(() => issuer.close())

let emulator: Emulator
before(async () => {
  const estate = testEstate()
  emulator = await startEmulator({
    estate: {
      ...estate,
      applications:
        estate.applications?.map((app) =>
          app.appId === APP
            ? { ...app, federatedCredentials: [{ name: 'ci', issuer: foreign, subject: 'repo:northwind/daemon' }] }
            : app.appId === API_APP
              ? { ...app, requiredPermissions: { delegated: ['User.Read'] } }
              : app,
        ) ?? [],
    },
  })
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

const device = async (more: Record<string, string> = {}) =>
  (
    await ask(emulator, '/organizations/oauth2/v2.0/devicecode', {
      form: { client_id: PUBLIC_APP, scope: 'openid profile offline_access User.Read', ...more },
    })
  ).body
const poll = (code: string, grant = 'urn:ietf:params:oauth:grant-type:device_code') =>
  askToken(emulator, 'organizations', { grant_type: grant, client_id: PUBLIC_APP, device_code: code })

test('MSAL signs in by device code: it polls until the code is typed in and the user accepts', async () => {
  const client = new PublicClientApplication({
    auth: {
      clientId: PUBLIC_APP,
      authority: `${emulator.origin}/organizations`,
      knownAuthorities: [new URL(emulator.origin).host],
    },
    system: { networkClient: networkFor(emulator) },
  })
  const result = await client.acquireTokenByDeviceCode({
    scopes: ['User.Read'],
    deviceCodeCallback: ({ userCode, verificationUri, message }) => {
      assert.ok(message.includes(userCode))
      void typeIn(verificationUri, userCode)
    },
  })
  assert.equal(result?.account?.username, 'uma@fabrikam.example')
  assert.equal(decodeJwt(result?.accessToken ?? '').appidacr, '0')
})

async function typeIn(address: string, userCode: string, action = 'accept') {
  const browser = openBrowser(emulator)
  const entered = await browser.press(await browser.open(address), { user_code: userCode.toLowerCase() })
  const password = await browser.press(entered, { action: 'next', loginfmt: 'uma@fabrikam.example' })
  return browser.press(await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' }), { action })
}

test('a device hears pending, declined, expired and unknown as documented; its code works once', async () => {
  const first = await device()
  assert.equal(first.expires_in, 900)
  const pending = await poll(first.device_code)
  assert.deepEqual(
    [pending.status, pending.body.error, pending.body.error_codes],
    [400, 'authorization_pending', [70016]],
  )
  assert.match((await typeIn(first.verification_uri, first.user_code)).text, /You have signed in/)
  assert.equal((await poll(first.device_code, 'device_code')).status, 200)
  assert.deepEqual((await poll(first.device_code)).body.error_codes, [54005])

  const second = await device()
  const third = await device({ scope: 'openid Mail.Read' })
  assert.match((await typeIn(third.verification_uri, third.user_code, 'cancel')).text, /did not sign in/)
  assert.equal((await poll(third.device_code)).body.error, 'authorization_declined')
  assert.equal((await poll('nonsense')).body.error, 'bad_verification_code')
  emulator.clock.advance({ minutes: 16 })
  assert.equal((await poll(second.device_code)).body.error, 'expired_token')
  const browser = openBrowser(emulator)
  assert.match(
    (await browser.press(await browser.open(second.verification_uri), { user_code: second.user_code })).text,
    /not good/,
  )
})

test('Microsoft’s own command line holds nothing of Graph but what the administrator accepts; a user may not', async () => {
  const wanted = { client_id: GRAPH_COMMAND_LINE_TOOLS, scope: 'openid Application.Read.All' }
  const grant = { grant_type: 'device_code', client_id: GRAPH_COMMAND_LINE_TOOLS }
  const type = async (username: string, { user_code, verification_uri }: Record<string, string>) => {
    const browser = openBrowser(emulator)
    const entered = await browser.press(await browser.open(verification_uri ?? ''), { user_code: user_code ?? '' })
    const password = await browser.press(entered, { action: 'next', loginfmt: username })
    const asked = await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
    return { asked, accept: () => browser.press(asked, { action: 'accept' }) }
  }
  const users = await device(wanted)
  assert.doesNotMatch((await type('uma@fabrikam.example', users)).asked.text, /Permissions requested/)
  assert.equal((await askToken(emulator, 'organizations', { ...grant, device_code: users.device_code })).status, 400)

  const admins = await device(wanted)
  const { asked, accept } = await type('grace@fabrikam.example', admins)
  assert.match(asked.text, /Microsoft Graph Command Line Tools[\s\S]+Permissions requested/)
  await accept()
  const { body } = await askToken(emulator, 'organizations', { ...grant, device_code: admins.device_code })
  assert.equal(decodeJwt(body.access_token).scp, 'openid Application.Read.All')
})

/** A user's token for the API, got by the daemon's sign-in. */
async function tokenForApi(): Promise<string> {
  const url = `${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize?${new URLSearchParams({ client_id: APP, response_type: 'code', redirect_uri: REDIRECT, scope: 'openid api://orders/Orders.Read' })}`
  const back = await signInAndAccept(openBrowser(emulator), url, { username: 'uma@fabrikam.example' })
  const { body } = await askToken(emulator, 'organizations', {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code: back.url.searchParams.get('code') ?? '',
    scope: 'api://orders/Orders.Read',
  })
  return body.access_token
}
async function consentToApi() {
  const url = `${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize?${new URLSearchParams({ client_id: API_APP, response_type: 'code', redirect_uri: REDIRECT, scope: 'openid User.Read' })}`
  await signInAndAccept(openBrowser(emulator), url, { username: 'uma@fabrikam.example' })
}

test('MSAL goes on behalf of the user, once the user has consented to the API', async () => {
  const assertion = await tokenForApi()
  const api = msalFor(emulator, FABRIKAM, { clientId: API_APP })
  await assert.rejects(api.acquireTokenOnBehalfOf({ oboAssertion: assertion, scopes: ['User.Read'] }), /65001/)
  await consentToApi()
  const result = await api.acquireTokenOnBehalfOf({ oboAssertion: assertion, scopes: ['User.Read'], skipCache: true })
  const claims = decodeJwt(result?.accessToken ?? '')
  assert.equal(claims.appid, API_APP)
  assert.equal(claims.upn, 'uma@fabrikam.example')
  assert.equal(claims.scp, 'openid User.Read')
})

test('on behalf of: another audience, a run-out token, an app-only token and a forgery are refused', async () => {
  const assertion = await tokenForApi()
  const onBehalf = async (token: string, client = API_APP) =>
    (
      await askToken(emulator, FABRIKAM, {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        requested_token_use: 'on_behalf_of',
        client_id: client,
        client_secret: SECRET,
        assertion: token,
        scope: 'User.Read',
      })
    ).body.error_codes
  assert.deepEqual(await onBehalf(assertion, APP), [500131])
  assert.deepEqual(await onBehalf(`${assertion.slice(0, -4)}AAAA`), [50013])
  const appOnly = await askToken(emulator, CONTOSO, {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: 'api://orders/.default',
  })
  assert.deepEqual(await onBehalf(appOnly.body.access_token), [50013])
  emulator.clock.advance({ hours: 2 })
  assert.deepEqual(await onBehalf(assertion), [500133])
})

type Vouching = { claims?: Record<string, unknown>; header?: Partial<JWTHeaderParameters>; key?: KeyObject }
const federated = async ({ claims = {}, header = {}, key = privateKey }: Vouching = {}) => {
  const now = Math.floor(emulator.clock.now().getTime() / 1000)
  return askToken(emulator, CONTOSO, {
    grant_type: 'client_credentials',
    client_id: APP,
    scope: GRAPH_DEFAULT,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT({
      iss: foreign,
      sub: 'repo:northwind/daemon',
      aud: 'api://AzureADTokenExchange',
      iat: now,
      exp: now + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'k', ...header })
      .sign(key),
  })
}

test('a federated credential: issuer, subject and audience as registered, signed by the issuer', async () => {
  for (const alg of ['RS256', 'RS512', 'PS256']) {
    const { status, body } = await federated({ header: { alg } })
    assert.equal(status, 200, body.error_description)
    assert.deepEqual(decodeJwt(body.access_token).roles, ['User.Read.All'])
  }
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const table: readonly (readonly [number, Vouching])[] = [
    [700211, { claims: { iss: 'https://other.example' } }],
    [700212, { claims: { aud: 'api://other' } }],
    [700213, { claims: { sub: 'repo:northwind/Daemon' } }],
    [50013, { key: stranger }],
    [7000272, { header: { kid: 'other' } }],
    [5002738, { header: { alg: 'ES256' }, key: curve }],
    [90014, { claims: { aud: undefined } }],
  ]
  for (const [code, vouching] of table) assert.deepEqual((await federated(vouching)).body.error_codes, [code])
})

test('a foreign token without an end, or with one far away, is refused; so is one that has run out', async (t) => {
  // To the second: none may pass between what is said here and what is sent.
  emulator.clock.stop()
  t.after(() => emulator.clock.reset())
  const now = Math.floor(emulator.clock.now().getTime() / 1000)
  const day = 24 * 3600
  const outcome = async (claims: Record<string, unknown>) => (await federated({ claims })).body.error_codes ?? 'token'
  assert.deepEqual(await outcome({ exp: undefined }), [700024])
  assert.deepEqual(await outcome({ exp: undefined, iat: undefined }), [700024])
  assert.deepEqual(await outcome({ iat: undefined }), [70023])
  assert.deepEqual(await outcome({ exp: now + day + 3601 }), [70023])
  assert.equal(await outcome({ exp: now + day + 3600 }), 'token')
  assert.deepEqual(await outcome({ iat: now - 600, exp: now - 301 }), [700024])
  assert.deepEqual(await outcome({ nbf: now + 301 }), [700024])
  assert.equal(await outcome({ nbf: now + 299 }), 'token')
  assert.deepEqual(await outcome({ exp: 'never' }), [50027])
})

test('user name and password, for tools that ask so', async () => {
  const byPassword = async (username: string, password: string) =>
    (
      await askToken(emulator, FABRIKAM, {
        grant_type: 'password',
        client_id: PUBLIC_APP,
        scope: 'openid User.Read',
        username,
        password,
      })
    ).body
  assert.deepEqual((await byPassword('uma@fabrikam.example', 'wrong')).error_codes, [50126])
  assert.deepEqual((await byPassword('nobody@fabrikam.example', 'x')).error_codes, [50034])
  assert.deepEqual((await byPassword('disa@fabrikam.example', 'Passw0rd!')).error_codes, [50057])
  assert.deepEqual((await byPassword('uma@fabrikam.example', 'Passw0rd!')).error_codes, [65001])
})
