import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, FABRIKAM, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
const dispatcher = new Agent({ connect: { ca: emulator.ca } })
const options = {
  [oauth.customFetch]: (url: string, init: object) =>
    fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>,
}

test('oauth4webapi 3: every step by hand, strictly checked', async () => {
  const issuer = new URL(`${emulator.origin}/${FABRIKAM}/v2.0`)
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
  const client: oauth.Client = { client_id: APP }
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(server.authorization_endpoint ?? '')
  const challenge = await oauth.calculatePKCECodeChallenge(verifier)
  const parameters = {
    client_id: APP,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'openid profile',
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const back = await signInAndAccept(openBrowser(emulator), url.href, { username: 'grace@fabrikam.example' })
  const answer = oauth.validateAuthResponse(server, client, back.url, state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(SECRET),
    answer,
    REDIRECT,
    verifier,
    options,
  )
  const result = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  assert.equal(oauth.getValidatedIdTokenClaims(result)?.tid, FABRIKAM)
  await oauth.validateApplicationLevelSignature(server, response, options)
})

test('oauth4webapi 3: HTTP Basic, and an error as RFC 6749 wants it', async () => {
  const issuer = new URL(`${emulator.origin}/${FABRIKAM}/v2.0`)
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
  const client: oauth.Client = { client_id: APP }
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.ClientSecretBasic('wrong'),
    { scope: 'https://graph.microsoft.com/.default' },
    options,
  )
  await assert.rejects(oauth.processClientCredentialsResponse(server, client, response), {
    error: 'invalid_client',
    status: 401,
  })
})
