import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, type Page, signInAndAccept } from '#emulator/test/support/browser.ts'
import { APP, FABRIKAM, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { ask } from '#emulator/test/support/token.ts'

const ONLY_ID_TOKENS = 'a0000000-0000-4000-8000-0000000000b1'
const estate = testEstate()
const emulator = await startEmulator({
  estate: {
    ...estate,
    applications: [
      ...(estate.applications ?? []).map((app) =>
        app.appId === APP ? { ...app, implicitGrant: { idTokens: true, accessTokens: true } } : app,
      ),
      {
        appId: ONLY_ID_TOKENS,
        homeTenant: estate.tenants[0]?.id ?? '',
        displayName: 'Signs in',
        redirectUris: [REDIRECT],
        implicitGrant: { idTokens: true },
      },
    ],
  },
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

const dispatcher = new Agent({ connect: { ca: emulator.ca } })
const send = ((url: string, options: object) => fetch(url, { ...options, dispatcher })) as unknown as client.CustomFetch
const UMA = { username: 'uma@fabrikam.example' }
const GRAPH_SCOPE = 'openid profile User.Read'

/** openid-client, told which way the answer comes. */
const openClient = async (flow: (config: client.Configuration) => void, clientId = APP) => {
  const config = await client.discovery(
    new URL(`${emulator.origin}/${FABRIKAM}/v2.0`),
    clientId,
    undefined,
    clientId === APP ? client.ClientSecretPost(SECRET) : client.None(),
    { [client.customFetch]: send, execute: [client.allowInsecureRequests, flow, client.enableNonRepudiationChecks] },
  )
  return config
}

/** What Microsoft.Identity.Web receives: a form that posts itself. */
const posted = (page: Page): Request => {
  const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
  return new Request(REDIRECT, {
    method: 'POST',
    body: new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value])),
  })
}
const inFragment = ({ url }: Page) => new URLSearchParams(url.hash.slice(1))

test('the hybrid flow: code and ID token by form_post, bound by c_hash, and the code is redeemed', async () => {
  const config = await openClient(client.useCodeIdTokenResponseType)
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: `${GRAPH_SCOPE} offline_access`,
    response_mode: 'form_post',
    nonce: 'n',
    state: 's',
  })
  assert.equal(url.searchParams.get('response_type'), 'code id_token')
  const page = await signInAndAccept(openBrowser(emulator), url.href, UMA)
  assert.match(page.headers.get('content-security-policy') ?? '', /form-action 'self' http:\/\/localhost:3999/)
  const tokens = await client.authorizationCodeGrant(config, posted(page), { expectedNonce: 'n', expectedState: 's' })
  assert.equal(tokens.claims()?.tid, FABRIKAM)
  assert.ok(tokens.refresh_token)
  const sent = new URLSearchParams(await posted(page).text())
  assert.ok(sent.get('client_info'), 'hybrid answers say who the account is')
  assert.equal(typeof decodeJwt(sent.get('id_token') ?? '').c_hash, 'string')
})

test('an ID token alone, as the Azure sample and Microsoft.Identity.Web sign in: form_post and fragment', async () => {
  const config = await openClient(client.useIdTokenResponseType, ONLY_ID_TOKENS)
  const build = (mode?: string) =>
    client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: 'openid profile',
      nonce: 'n',
      state: 's',
      ...(mode ? { response_mode: mode } : {}),
    }).href
  const page = await signInAndAccept(openBrowser(emulator), build('form_post'), UMA)
  const claims = await client.implicitAuthentication(config, posted(page), 'n', { expectedState: 's' })
  assert.equal(claims.preferred_username, UMA.username)
  assert.equal(claims.aud, ONLY_ID_TOKENS)
  const back = await signInAndAccept(openBrowser(emulator), build(), UMA)
  assert.equal(back.url.search, '', 'a token never stands in the query')
  assert.equal((await client.implicitAuthentication(config, back.url, 'n', { expectedState: 's' })).tid, FABRIKAM)
})

test('a forged ID token of the hybrid flow is found by the client', async () => {
  const config = await openClient(client.useCodeIdTokenResponseType)
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: 'openid',
    nonce: 'n',
    state: 's',
  })
  emulator.mischief.say('idtoken.sig=wrong')
  const back = await signInAndAccept(openBrowser(emulator), url.href, UMA)
  await assert.rejects(
    client.authorizationCodeGrant(config, back.url, { expectedNonce: 'n', expectedState: 's' }),
    ({ cause }: Error) => /signature/.test(String(cause)),
  )
})

test('an access token straight from the page, bound by at_hash, works at Graph', async () => {
  const url = new URL(`${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize`)
  const parameters = {
    client_id: APP,
    response_type: 'id_token token',
    redirect_uri: REDIRECT,
    scope: GRAPH_SCOPE,
    nonce: 'n',
    state: 's',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const answer = inFragment(await signInAndAccept(openBrowser(emulator), url.href, UMA))
  assert.equal(answer.get('token_type'), 'Bearer')
  assert.equal(answer.get('state'), 's')
  assert.ok(Number(answer.get('expires_in')) >= 3599)
  assert.match(answer.get('scope') ?? '', /User\.Read/)
  const accessToken = answer.get('access_token') ?? ''
  const expected = Buffer.from(
    (await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken))).slice(0, 16),
  ).toString('base64url')
  assert.equal(decodeJwt(answer.get('id_token') ?? '').at_hash, expected)
  const me = await ask(emulator, '/v1.0/me', { headers: { authorization: `Bearer ${accessToken}` } })
  assert.equal(me.body.userPrincipalName, UMA.username)
})

test('an ID token from the page wants a nonce and the scope openid', async () => {
  const ofRefusal = async (more: Record<string, string>) => {
    const url = new URL(`${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize`)
    const all = { client_id: APP, response_type: 'id_token', redirect_uri: REDIRECT, scope: 'openid', ...more }
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
    const answer = inFragment(await openBrowser(emulator).open(url.href))
    assert.throws(() =>
      oauth.validateAuthResponse({ issuer: emulator.origin }, { client_id: APP }, answer, oauth.expectNoState),
    )
    return `${answer.get('error')} ${/AADSTS\d+/.exec(answer.get('error_description') ?? '')?.[0]}`
  }
  assert.equal(await ofRefusal({}), 'invalid_request AADSTS900144')
  assert.equal(await ofRefusal({ nonce: 'n', scope: 'User.Read' }), 'unsupported_response_type AADSTS70005')
})
