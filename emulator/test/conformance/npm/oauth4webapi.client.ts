import assert from 'node:assert/strict'
import { after, beforeEach, suite, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  PUBLIC_APP,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const dispatcher = new Agent({ connect: { ca: emulator.ca } })
const options = {
  [oauth.customFetch]: (url: string, init: object) =>
    fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>,
}

async function serverOf(tenant: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(`${emulator.origin}/${tenant}/v2.0`)
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
}

async function appToken(server: oauth.AuthorizationServer, how: oauth.ClientAuth, scope = GRAPH_DEFAULT) {
  const client: oauth.Client = { client_id: APP }
  const response = await oauth.clientCredentialsGrantRequest(server, client, how, { scope }, options)
  return oauth.processClientCredentialsResponse(server, client, response)
}

suite(ofNpm('oauth4webapi', 'oauth4webapi'), () => {
  test('every step of the code flow by hand, strictly checked, then by refresh token', async () => {
    const server = await serverOf(FABRIKAM)
    const client: oauth.Client = { client_id: APP }
    const verifier = oauth.generateRandomCodeVerifier()
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
    const url = new URL(server.authorization_endpoint ?? '')
    const parameters = {
      client_id: APP,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: 'openid profile offline_access',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    const back = await signInAndAccept(openBrowser(emulator), url.href, { username: 'grace@fabrikam.example' })
    const answer = oauth.validateAuthResponse(server, client, back.url, state)
    const secret = oauth.ClientSecretPost(SECRET)
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      secret,
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
    const again = await oauth.refreshTokenGrantRequest(server, client, secret, result.refresh_token ?? '', options)
    const renewed = await oauth.processRefreshTokenResponse(server, client, again)
    assert.equal(oauth.getValidatedIdTokenClaims(renewed)?.sub, oauth.getValidatedIdTokenClaims(result)?.sub)
  })

  test('device code', async () => {
    const server = await serverOf(FABRIKAM)
    const client: oauth.Client = { client_id: PUBLIC_APP }
    const parameters = { scope: 'openid User.Read' }
    const asked = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), parameters, options)
    const device = await oauth.processDeviceAuthorizationResponse(server, client, asked)
    const poll = async () => {
      const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), device.device_code, options)
      return oauth.processDeviceCodeResponse(server, client, response)
    }
    await assert.rejects(poll(), { error: 'authorization_pending', status: 400 })
    await typeInDeviceCode(emulator, device.user_code, 'uma@fabrikam.example')
    assert.equal(oauth.getValidatedIdTokenClaims(await poll())?.tid, FABRIKAM)
  })

  test('client credentials by HTTP Basic; a resource that answers; a resource that refuses', async () => {
    const server = await serverOf(CONTOSO)
    const { access_token: token } = await appToken(server, oauth.ClientSecretBasic(SECRET))
    const call = (bearer: string, path: string) =>
      oauth.protectedResourceRequest(
        bearer,
        'GET',
        new URL(`${emulator.origin}/v1.0${path}`),
        new Headers(),
        null,
        options,
      )
    const users = (await (await call(token, '/users')).json()) as { value: unknown[] }
    assert.equal(users.value.length, 5)
    assert.equal((await call(token, '/groups')).status, 403)
    await assert.rejects(call('nonsense', '/users'), (error) => {
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError)
      assert.equal(error.status, 401)
      assert.equal(error.cause[0]?.scheme, 'bearer')
      return true
    })
  })

  test('errors as RFC 6749 wants them', async () => {
    const server = await serverOf(CONTOSO)
    await assert.rejects(appToken(server, oauth.ClientSecretBasic('wrong')), { error: 'invalid_client', status: 401 })
    const nowhere = appToken(server, oauth.ClientSecretPost(SECRET), 'https://nowhere.example/.default')
    await assert.rejects(nowhere, { error: 'invalid_resource', status: 400 })
  })

  test('a configuration that another issuer wrote is refused', async () => {
    emulator.mischief.say('discovery.issuer=wrong')
    await assert.rejects(serverOf(CONTOSO), { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' })
  })
})
