import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ConfidentialClientApplication, CryptoProvider } from '@azure/msal-node'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, CONTOSO, GRAPH_DEFAULT, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { msalFor, networkFor } from '#emulator/test/support/msal.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())

test('MSAL Node 7: authorization code with PKCE, then silently from its cache', async () => {
  const msal = msalFor(emulator, 'organizations')
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
  const scopes = ['User.Read']
  const url = await msal.getAuthCodeUrl({
    scopes,
    redirectUri: REDIRECT,
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  })
  const back = await signInAndAccept(openBrowser(emulator), url, { username: 'uma@contoso.example' })
  const code = back.url.searchParams.get('code') ?? ''
  const result = await msal.acquireTokenByCode({ scopes, redirectUri: REDIRECT, code, codeVerifier: verifier })
  assert.ok(result.account)
  const silent = await msal.acquireTokenSilent({ scopes, account: result.account })
  assert.equal(silent.fromCache, true)
  const renewed = await msal.acquireTokenSilent({ scopes, account: result.account, forceRefresh: true })
  assert.equal(renewed.fromCache, false)
})

test('MSAL Node 7: a second app-only token comes from its cache; a refusal has code and number', async () => {
  const msal = msalFor(emulator, CONTOSO)
  await msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
  assert.equal((await msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] }))?.fromCache, true)
  const wrong = msalFor(emulator, CONTOSO, { credential: { clientSecret: 'wrong' } })
  await assert.rejects(wrong.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] }), {
    errorCode: 'invalid_client',
    errorNo: 7000215,
  })
})

test('MSAL Node 7: metadata given to it, no discovery at all', async () => {
  const authority = `${emulator.origin}/${CONTOSO}`
  const host = new URL(emulator.origin).host
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
  emulator.requests.clear()
  await msal.acquireTokenByClientCredential({ scopes: [GRAPH_DEFAULT] })
  assert.deepEqual(
    emulator.requests.list().map(({ path }) => path),
    [`/${CONTOSO}/oauth2/v2.0/token`],
  )
})
