import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { after, beforeEach, suite, test } from 'node:test'
import {
  ConfidentialClientApplication,
  CryptoProvider,
  InteractionRequiredAuthError,
  PublicClientApplication,
  ServerError,
} from '@azure/msal-node'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { CUSTOMERS, forEachOf, manyTenants } from '#emulator/test/conformance/support/many-tenants.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  makeClientCertificate,
  PUBLIC_APP,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { msalFor, networkFor } from '#emulator/test/support/msal.ts'

const { key, certificate } = makeClientCertificate()
const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString()
const thumbprintSha256 = createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex')
const emulator = await startEmulator({ estate: testEstate([certificate]) })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const tokenRequests = () => emulator.requests.list({ path: '/token$' })
const auth = (tenant: string) => ({
  authority: `${emulator.origin}/${tenant}`,
  knownAuthorities: [new URL(emulator.origin).host],
})

/** Signs a person in with code and PKCE, as a web application does. */
async function signInWith(msal: ConfidentialClientApplication, scopes: string[], username: string) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
  const url = await msal.getAuthCodeUrl({
    scopes,
    redirectUri: REDIRECT,
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  })
  const back = await signInAndAccept(openBrowser(emulator), url, { username })
  const code = back.url.searchParams.get('code') ?? ''
  const result = await msal.acquireTokenByCode({ scopes, redirectUri: REDIRECT, code, codeVerifier: verifier })
  assert.ok(result.account)
  return { ...result, account: result.account }
}

suite(ofNpm('MSAL Node', '@azure/msal-node'), () => {
  test('authorization code with PKCE, then silently from its cache, then by refresh token', async () => {
    const msal = msalFor(emulator, 'organizations')
    const scopes = ['User.Read']
    const { account } = await signInWith(msal, scopes, 'uma@contoso.example')
    assert.equal(account.tenantId, CONTOSO)
    assert.equal((await msal.acquireTokenSilent({ scopes, account })).fromCache, true)
    const renewed = await msal.acquireTokenSilent({ scopes, account, forceRefresh: true })
    assert.equal(renewed.fromCache, false)
    assert.equal(tokenRequests().at(-1)?.grantType, 'refresh_token')
  })

  test('a second app-only token comes from its cache, a skipped cache asks again', async () => {
    const msal = msalFor(emulator, CONTOSO)
    const wish = { scopes: [GRAPH_DEFAULT] }
    await msal.acquireTokenByClientCredential(wish)
    assert.equal((await msal.acquireTokenByClientCredential(wish))?.fromCache, true)
    assert.equal(tokenRequests().length, 1)
    await msal.acquireTokenByClientCredential({ ...wish, skipCache: true })
    assert.equal(tokenRequests().length, 2)
  })

  test('a certificate: PS256 and x5t#S256, with and without its chain', async () => {
    for (const x5c of [undefined, certificate]) {
      const msal = new ConfidentialClientApplication({
        auth: {
          clientId: APP,
          clientCertificate: { thumbprintSha256, privateKey, ...(x5c ? { x5c } : {}) },
          ...auth(CONTOSO),
        },
        system: { networkClient: networkFor(emulator) },
      })
      const result = await msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
      assert.equal(decodeJwt(result?.accessToken ?? '').appidacr, '2')
    }
  })

  test('capabilities are declared, and a claims challenge goes past the cache', async () => {
    const msal = new ConfidentialClientApplication({
      auth: { clientId: APP, clientSecret: SECRET, clientCapabilities: ['CP1'], ...auth(CONTOSO) },
      system: { networkClient: networkFor(emulator) },
    })
    const wish = { scopes: [GRAPH_DEFAULT] }
    const first = await msal.acquireTokenByClientCredential(wish)
    assert.deepEqual(decodeJwt(first?.accessToken ?? '').xms_cc, ['CP1'])
    const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: '1600000000' } } })
    assert.equal((await msal.acquireTokenByClientCredential({ ...wish, claims }))?.fromCache, false)
    assert.equal(tokenRequests().length, 2)
  })

  test('device code: the user of a customer at a tool without secret', async () => {
    const tool = new PublicClientApplication({
      auth: { clientId: PUBLIC_APP, ...auth('organizations') },
      system: { networkClient: networkFor(emulator) },
    })
    const result = await tool.acquireTokenByDeviceCode({
      scopes: ['User.Read'],
      deviceCodeCallback: ({ userCode }) => void typeInDeviceCode(emulator, userCode, 'uma@fabrikam.example'),
    })
    assert.equal(result?.tenantId, FABRIKAM)
    assert.ok(result.account)
    const silent = await tool.acquireTokenSilent({ scopes: ['User.Read'], account: result.account })
    assert.equal(silent.fromCache, true)
  })

  test('on behalf of the user who called, and when that needs the user: InteractionRequiredAuthError', async () => {
    const daemon = msalFor(emulator, 'organizations')
    const { accessToken } = await signInWith(daemon, ['api://orders/Orders.Read'], 'uma@contoso.example')
    assert.equal(decodeJwt(accessToken).aud, API_APP)
    const api = msalFor(emulator, CONTOSO, { clientId: API_APP })
    const wish = { oboAssertion: accessToken, scopes: ['User.Read'] }
    await assert.rejects(api.acquireTokenOnBehalfOf(wish), (error) => {
      assert.ok(error instanceof InteractionRequiredAuthError)
      assert.match(error.errorMessage, /AADSTS65001/)
      return true
    })
    await signInWith(msalFor(emulator, CONTOSO, { clientId: API_APP }), ['User.Read'], 'uma@contoso.example')
    const result = await api.acquireTokenOnBehalfOf({ ...wish, skipCache: true })
    assert.equal(decodeJwt(result?.accessToken ?? '').upn, 'uma@contoso.example')
  })

  test('refusals come as ServerError with code, number and status', async () => {
    const wrong = msalFor(emulator, CONTOSO, { credential: { clientSecret: 'wrong' } })
    const stranger = msalFor(emulator, FABRIKAM)
    const nobody = msalFor(emulator, CONTOSO, { clientId: '99999999-0000-4000-8000-000000000000' })
    for (const [msal, errorCode, errorNo, status] of [
      [wrong, 'invalid_client', 7000215, 401],
      [stranger, 'invalid_client', 7000229, 401],
      [nobody, 'unauthorized_client', 700016, 400],
    ] as const)
      await assert.rejects(msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] }), (error) => {
        assert.ok(error instanceof ServerError)
        assert.deepEqual([error.errorCode, Number(error.errorNo), error.status], [errorCode, errorNo, status])
        assert.match(error.correlationId, /^[0-9a-f-]{36}$/)
        return true
      })
  })

  test('a token endpoint that wants patience is left alone by MSAL itself', async () => {
    emulator.mischief.once({
      at: 'token',
      answer: {
        status: 429,
        headers: { 'retry-after': '60', 'content-type': 'application/json' },
        body: JSON.stringify({
          error: 'temporarily_unavailable',
          error_codes: [90055],
          error_description: 'Too many.',
        }),
      },
    })
    const msal = msalFor(emulator, CONTOSO)
    const wish = { scopes: [GRAPH_DEFAULT] }
    await assert.rejects(msal.acquireTokenByClientCredential(wish), { errorCode: 'temporarily_unavailable' })
    await assert.rejects(msal.acquireTokenByClientCredential(wish), { errorCode: '90055' })
    assert.equal(tokenRequests().length, 1, 'the second refusal is its own')
  })

  test('given its metadata, it asks for no discovery document', async () => {
    const authority = `${emulator.origin}/${CONTOSO}`
    const { host } = new URL(emulator.origin)
    const msal = new ConfidentialClientApplication({
      auth: {
        clientId: APP,
        clientSecret: SECRET,
        authority,
        authorityMetadata: JSON.stringify({
          authorization_endpoint: `${emulator.browserOrigin}/${CONTOSO}/oauth2/v2.0/authorize`,
          token_endpoint: `${authority}/oauth2/v2.0/token`,
          issuer: `${authority}/v2.0`,
          jwks_uri: `${authority}/discovery/v2.0/keys`,
        }),
        cloudDiscoveryMetadata: JSON.stringify({
          tenant_discovery_endpoint: `${authority}/v2.0/.well-known/openid-configuration`,
          metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
        }),
      },
      system: { networkClient: networkFor(emulator) },
    })
    await msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
    assert.deepEqual(
      emulator.requests.list().map(({ path }) => path),
      [`/${CONTOSO}/oauth2/v2.0/token`],
    )
  })

  test('three hundred tenants with one client: each has its own token, kept apart in one cache', async () => {
    await using many = await startEmulator({ estate: manyTenants })
    const msal = msalFor(many, CUSTOMERS[0] ?? '')
    const acquire = (tenant: string) =>
      msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT], authority: `${many.origin}/${tenant}` })
    for (const fromCache of [false, true]) {
      const results = await forEachOf(CUSTOMERS, acquire)
      assert.deepEqual(
        results.map((result) => decodeJwt(result?.accessToken ?? '').tid),
        CUSTOMERS,
      )
      assert.ok(results.every((result) => result?.fromCache === fromCache))
    }
    assert.equal(many.requests.list({ path: '/token$' }).length, CUSTOMERS.length)
  })

  test('after the keys have been rotated, old and new tokens are both signed by published keys', async () => {
    const msal = msalFor(emulator, CONTOSO)
    const wish = { scopes: [GRAPH_DEFAULT], skipCache: true }
    const kidOf = async () =>
      decodeProtectedHeader((await msal.acquireTokenByClientCredential(wish))?.accessToken ?? '').kid
    const before = await kidOf()
    await emulator.directory.rotateKeys({})
    const next = await kidOf()
    assert.notEqual(next, before)
    const network = networkFor(emulator)
    const { body } = await network.sendGetRequestAsync<{ keys: { kid: string }[] }>(
      `${emulator.origin}/${CONTOSO}/discovery/v2.0/keys`,
    )
    const published = body.keys.map(({ kid }) => kid)
    assert.ok(published.includes(String(before)) && published.includes(String(next)))
  })
})
