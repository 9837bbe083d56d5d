import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
const dispatcher = new Agent({ connect: { ca: emulator.ca } })
const send: client.CustomFetch = (url, options) =>
  fetch(url, { ...(options as object), dispatcher }) as unknown as Promise<Response>
/** The address for people is plain HTTP on loopback, which this client allows only when told. */
const discover = (tenant: string) =>
  client.discovery(new URL(`${emulator.origin}/${tenant}/v2.0`), APP, SECRET, undefined, {
    [client.customFetch]: send,
    execute: [client.allowInsecureRequests],
  })

test('openid-client 6: discovery, code with PKCE and nonce, ID token validated, refresh, logout', async () => {
  const config = await discover(FABRIKAM)
  client.enableNonRepudiationChecks(config)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedNonce = client.randomNonce()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: expectedNonce,
    state: expectedState,
  })
  const back = await signInAndAccept(openBrowser(emulator), url.href, { username: 'uma@fabrikam.example' })
  const tokens = await client.authorizationCodeGrant(config, back.url, {
    pkceCodeVerifier,
    expectedNonce,
    expectedState,
  })
  assert.equal(tokens.claims()?.tid, FABRIKAM)
  assert.equal(tokens.claims()?.email, 'uma@fabrikam.example')
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
  assert.ok(renewed.access_token)
  assert.equal(client.buildEndSessionUrl(config).origin, emulator.browserOrigin)
})

test('openid-client 6: client credentials', async () => {
  const tokens = await client.clientCredentialsGrant(await discover(CONTOSO), { scope: GRAPH_DEFAULT })
  assert.equal(tokens.token_type.toLowerCase(), 'bearer')
})

for (const word of [
  'idtoken.nonce=other',
  'idtoken.sig=wrong',
  'idtoken.iss=other-host',
  'idtoken.aud=other',
  'idtoken.exp=past',
] as const)
  test(`openid-client 6 refuses ${word}`, async () => {
    const config = await discover(FABRIKAM)
    client.enableNonRepudiationChecks(config)
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: 'openid',
      nonce: 'n',
      state: 's',
    })
    const back = await signInAndAccept(openBrowser(emulator), url.href, { username: 'uma@fabrikam.example' })
    emulator.mischief.say(word)
    await assert.rejects(client.authorizationCodeGrant(config, back.url, { expectedNonce: 'n', expectedState: 's' }))
    emulator.mischief.clear()
  })
