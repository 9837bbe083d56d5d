import assert from 'node:assert/strict'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { after, beforeEach, suite, test } from 'node:test'
import * as client from 'openid-client'
import { Agent, fetch, ProxyAgent } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { WORDS } from '#emulator/mischief/words.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
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

const { key, certificate } = makeClientCertificate()
const emulator = await startEmulator({ estate: testEstate([certificate]), proxyPort: 0 })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const direct = new Agent({ connect: { ca: emulator.ca } })
const proxied = new ProxyAgent({ uri: emulator.proxy ?? '', requestTls: { ca: emulator.ca } })
after(() => proxied.close())

const sendBy =
  (dispatcher: Agent | ProxyAgent): client.CustomFetch =>
  (url, options) =>
    fetch(url, { ...(options as object), dispatcher }) as unknown as Promise<Response>
/** The address for people is plain HTTP on loopback, which this client allows only when told. */
const discover = (tenant: string, { appId = APP, how }: { appId?: string; how?: client.ClientAuth } = {}) =>
  client.discovery(
    new URL(`${emulator.origin}/${tenant}/v2.0`),
    appId,
    appId === APP && !how ? SECRET : undefined,
    how,
    {
      [client.customFetch]: sendBy(direct),
      execute: [client.allowInsecureRequests],
    },
  )

/** To Microsoft and back: what came to the redirect address. */
async function authorize(config: client.Configuration, parameters: Record<string, string>, username: string) {
  const url = client.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, ...parameters })
  return (await signInAndAccept(openBrowser(emulator), url.href, { username })).url
}

suite(ofNpm('openid-client', 'openid-client'), () => {
  test('discovery, code with PKCE and nonce, ID token validated, refresh, logout', async () => {
    const config = await discover(FABRIKAM)
    client.enableNonRepudiationChecks(config)
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const expectedNonce = client.randomNonce()
    const expectedState = client.randomState()
    const back = await authorize(
      config,
      {
        scope: 'openid profile email offline_access',
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        nonce: expectedNonce,
        state: expectedState,
      },
      'uma@fabrikam.example',
    )
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedNonce, expectedState })
    assert.equal(tokens.claims()?.tid, FABRIKAM)
    assert.equal(tokens.claims()?.email, 'uma@fabrikam.example')
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    assert.ok(renewed.access_token)
    assert.equal(client.buildEndSessionUrl(config).origin, emulator.browserOrigin)
  })

  test('many tenants by one configuration, under Microsoft’s own name: the issuer is each tenant’s', async () => {
    const config = await client.discovery(
      new URL('https://login.microsoftonline.com/organizations/v2.0'),
      APP,
      SECRET,
      undefined,
      { [client.customFetch]: sendBy(proxied), execute: [client.allowInsecureRequests] },
    )
    client.enableNonRepudiationChecks(config)
    for (const [username, tenant] of [
      ['uma@fabrikam.example', FABRIKAM],
      ['uma@contoso.example', CONTOSO],
    ] as const) {
      const back = await authorize(config, { scope: 'openid profile', nonce: 'n', state: 's' }, username)
      const tokens = await client.authorizationCodeGrant(config, back, { expectedNonce: 'n', expectedState: 's' })
      assert.equal(tokens.claims()?.iss, `https://login.microsoftonline.com/${tenant}/v2.0`)
    }
  })

  test('client credentials by secret in the body, by HTTP Basic, and by certificate', async () => {
    const signingKey = await webcrypto.subtle.importKey(
      'pkcs8',
      createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })).export({ type: 'pkcs8', format: 'der' }),
      { name: 'RSA-PSS', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    const digest = await webcrypto.subtle.digest('SHA-256', derOf(certificate))
    const byCertificate = client.PrivateKeyJwt(signingKey, {
      [client.modifyAssertion]: (header) => {
        Object.assign(header, { 'x5t#S256': Buffer.from(digest).toString('base64url') })
      },
    })
    for (const how of [client.ClientSecretPost(SECRET), client.ClientSecretBasic(SECRET), byCertificate]) {
      const tokens = await client.clientCredentialsGrant(await discover(CONTOSO, { how }), { scope: GRAPH_DEFAULT })
      assert.equal(tokens.token_type, 'bearer')
      assert.equal(tokens.refresh_token, undefined)
    }
  })

  test('device code', async () => {
    const config = await discover('organizations', { appId: PUBLIC_APP, how: client.None() }).catch((error) => error)
    assert.match(String(config.cause?.code ?? config.code), /OAUTH_/, 'it insists on a concrete issuer elsewhere')
    const fabrikam = await discover(FABRIKAM, { appId: PUBLIC_APP, how: client.None() })
    const device = await client.initiateDeviceAuthorization(fabrikam, { scope: 'openid offline_access User.Read' })
    assert.equal(device.interval, 5)
    await typeInDeviceCode(emulator, device.user_code, 'uma@fabrikam.example')
    const tokens = await client.pollDeviceAuthorizationGrant(fabrikam, device)
    assert.equal(tokens.claims()?.tid, FABRIKAM)
    assert.ok(tokens.refresh_token)
  })

  test('what is refused is a ResponseBodyError; what comes back from the page an AuthorizationResponseError', async () => {
    const config = await discover(FABRIKAM)
    await assert.rejects(client.clientCredentialsGrant(config, { scope: GRAPH_DEFAULT }), (error) => {
      assert.ok(error instanceof client.ResponseBodyError)
      assert.deepEqual([error.error, error.status], ['invalid_client', 401])
      assert.match(error.error_description ?? '', /AADSTS7000229/)
      return true
    })
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: 'openid',
      state: 's',
      prompt: 'none',
    })
    const { url: back } = await openBrowser(emulator).open(url.href)
    await assert.rejects(client.authorizationCodeGrant(config, back, { expectedState: 's' }), (error) => {
      assert.ok(error instanceof client.AuthorizationResponseError)
      assert.equal(error.error, 'login_required')
      return true
    })
  })

  // What tenant and user a token names is for the application to look at; no OpenID client can know what is right.
  for (const word of WORDS.filter((word) => /^idtoken\.(nonce|sig|iss|sub|aud|exp|nbf|iat=absent)/.test(word)))
    test(`refuses ${word}`, async () => {
      const config = await discover(FABRIKAM)
      client.enableNonRepudiationChecks(config)
      const back = await authorize(config, { scope: 'openid', nonce: 'n', state: 's' }, 'uma@fabrikam.example')
      emulator.mischief.say(word)
      await assert.rejects(client.authorizationCodeGrant(config, back, { expectedNonce: 'n', expectedState: 's' }))
    })
})

const derOf = (pem: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
