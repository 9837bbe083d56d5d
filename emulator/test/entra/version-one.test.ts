import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { API_APP, APP, CONTOSO, FABRIKAM, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { ask } from '#emulator/test/support/token.ts'

const GRAPH = 'https://graph.microsoft.com'
const estate = testEstate()
const emulator = await startEmulator({
  estate: {
    ...estate,
    applications:
      estate.applications?.map((app) => ({
        ...app,
        ...(app.appId === APP ? { implicitGrant: { idTokens: true } } : {}),
        ...(app.appId === API_APP ? { requiredPermissions: { delegated: ['User.Read'] } } : {}),
      })) ?? [],
  },
})
after(() => emulator.close())
beforeEach(() => emulator.reset())

const dispatcher = new Agent({ connect: { ca: emulator.ca } })
const send = ((url: string, options: object) => fetch(url, { ...options, dispatcher })) as unknown as client.CustomFetch
const GRACE = { username: 'grace@fabrikam.example' }

/** openid-client, told of version 1: its document is not where its issuer’s name would be. */
async function openClient(clientId = APP) {
  const { body } = await ask(emulator, `/${FABRIKAM}/.well-known/openid-configuration`)
  assert.equal(body.issuer, `https://sts.windows.net/${FABRIKAM}/`)
  assert.equal(body.token_endpoint, `${emulator.origin}/${FABRIKAM}/oauth2/token`)
  assert.ok(body.response_types_supported.includes('token id_token'))
  const metadata = body as client.ServerMetadata
  const config = new client.Configuration(metadata, clientId, undefined, client.ClientSecretPost(SECRET))
  config[client.customFetch] = send
  client.allowInsecureRequests(config)
  client.enableNonRepudiationChecks(config)
  return config
}

async function signIn(config: client.Configuration, parameters: Record<string, string> = {}) {
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    resource: GRAPH,
    nonce: 'n',
    state: 's',
    ...parameters,
  })
  return (await signInAndAccept(openBrowser(emulator), url.href, GRACE)).url
}
const redeem = async (config: client.Configuration, url: URL, parameters: Record<string, string> = {}) =>
  client.authorizationCodeGrant(config, url, { expectedNonce: 'n', expectedState: 's' }, parameters)

test('a code of version 1: numbers as strings, a refresh token unasked, and an ID token as it was then', async () => {
  const config = await openClient()
  const tokens = await redeem(config, await signIn(config), { resource: GRAPH })
  assert.equal(tokens.resource, GRAPH)
  for (const name of ['ext_expires_in', 'expires_on', 'not_before']) assert.match(tokens[name] as string, /^\d+$/)
  assert.ok(tokens.refresh_token)
  assert.match(tokens.scope ?? '', /(^| )User\.Read( |$)/)
  const claims = tokens.claims() ?? assert.fail('no ID token')
  const expected = {
    iss: `https://sts.windows.net/${FABRIKAM}/`,
    aud: APP,
    tid: FABRIKAM,
    ver: '1.0',
    amr: ['pwd'],
    upn: GRACE.username,
    unique_name: GRACE.username,
    name: 'Grace Global',
    given_name: 'Grace',
    family_name: 'Global',
    ipaddr: '127.0.0.1',
    nonce: 'n',
  }
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(claims[name], value, name)
  assert.equal('preferred_username' in claims, false)
  const header = decodeProtectedHeader(tokens.id_token ?? '')
  assert.equal(header.x5t, header.kid)
  const access = decodeJwt(tokens.access_token)
  assert.deepEqual([access.ver, access.aud, access.appid], ['1.0', GRAPH, APP])
})

test('one refresh token of version 1 is good for every resource', async () => {
  const config = await openClient()
  const tokens = await redeem(config, await signIn(config))
  const refresh = tokens.refresh_token ?? assert.fail()
  const orders = await client.refreshTokenGrant(config, refresh, { resource: 'api://orders' })
  assert.equal(decodeJwt(orders.access_token).scp, 'Orders.Read')
  const graph = await client.refreshTokenGrant(config, refresh, { resource: GRAPH })
  const me = await ask(emulator, '/v1.0/me', { headers: { authorization: `Bearer ${graph.access_token}` } })
  assert.equal(me.body.userPrincipalName, GRACE.username)
})

test('on behalf of a user, with a resource instead of scopes', async () => {
  const config = await openClient()
  const { access_token } = await redeem(config, await signIn(config, { resource: 'api://orders' }), {
    resource: 'api://orders',
  })
  const api = await openClient(API_APP)
  await signIn(api)
  const tokens = await client.genericGrantRequest(api, 'urn:ietf:params:oauth:grant-type:jwt-bearer', {
    assertion: access_token,
    requested_token_use: 'on_behalf_of',
    resource: GRAPH,
  })
  const claims = decodeJwt(tokens.access_token)
  assert.deepEqual([claims.appid, claims.upn], [API_APP, GRACE.username])
})

test('the hybrid flow of version 1: the ID token from the page is of version 1, too', async () => {
  const config = await openClient()
  client.useCodeIdTokenResponseType(config)
  const url = await signIn(config)
  const inFront = decodeJwt(new URLSearchParams(url.hash.slice(1)).get('id_token') ?? '')
  assert.deepEqual([inFront.ver, inFront.upn, typeof inFront.c_hash], ['1.0', GRACE.username, 'string'])
  assert.ok((await redeem(config, url)).access_token)
})

test('what version 1 refuses has the same form, and misses a resource, not a scope', async () => {
  const config = await openClient()
  const refused = (more: Record<string, string>): Promise<Record<string, unknown>> =>
    client.clientCredentialsGrant(config, more).then(
      () => assert.fail(),
      ({ cause, status }: client.ResponseBodyError) => ({ status, ...(cause as Record<string, unknown>) }),
    )
  const missing = await refused({ scope: `${GRAPH}/.default` })
  assert.deepEqual([missing.status, missing.error, missing.error_codes], [400, 'invalid_request', [900144]])
  assert.match(String(missing.error_description), /^AADSTS900144: .*parameter: 'resource'\. Trace ID: /)
  await signIn(config)
  const absent = await refused({ resource: 'https://nobody.example' })
  assert.deepEqual([absent.error, absent.error_codes], ['invalid_resource', [500011]])
})

test('the realm of a user, in both spellings, and the authority that has no tenant', async () => {
  for (const path of ['userrealm', 'UserRealm']) {
    const { body } = await ask(emulator, `/common/${path}/uma@contoso.example?api-version=1.0`)
    assert.deepEqual([body.account_type, body.domain_name], ['Managed', 'contoso.example'])
    const stranger = await ask(emulator, `/common/${path}/somebody@nosuch.example?api-version=1.0`)
    assert.deepEqual([stranger.body.account_type, stranger.body.domain_name], ['Unknown', undefined])
  }
  const { body } = await ask(emulator, '/adfs/.well-known/openid-configuration')
  assert.equal(body.token_endpoint, `${emulator.origin}/${estate.tenants[0]?.id}/oauth2/v2.0/token`)
  assert.notEqual(estate.tenants[0]?.id, CONTOSO)
})
