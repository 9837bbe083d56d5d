import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt, type JWTPayload } from 'jose'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'
import { type Emulator, startEmulator } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

/** The test estate with another registration of the daemon, and with many groups in Contoso. */
const estateWith = (registration: object, groups = 0) => {
  const estate = testEstate()
  return {
    ...estate,
    tenants: estate.tenants.map((tenant) =>
      // Generated groups draw their members from few people: everybody is in many.
      tenant.id === CONTOSO ? { ...tenant, generated: { users: 0, groups, seed: 3 } } : tenant,
    ),
    applications: estate.applications?.map((app) => (app.appId === APP ? { ...app, ...registration } : app)) ?? [],
  }
}
const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const AUTHORIZE = {
  client_id: APP,
  redirect_uri: REDIRECT,
  scope: 'openid profile email User.Read',
  state: 's',
  nonce: 'n',
}

async function tokensOf(
  estate: ReturnType<typeof estateWith>,
  options: { domain?: string; responseType?: string } = {},
): Promise<{ idToken: JWTPayload; accessToken: JWTPayload }> {
  await using here = await startEmulator({ estate })
  return await tokensAt(here, options)
}

async function tokensAt(
  here: Emulator,
  { domain = 'contoso.example', responseType = 'code' }: { domain?: string; responseType?: string } = {},
): Promise<{ idToken: JWTPayload; accessToken: JWTPayload }> {
  const url = `${here.browserOrigin}/organizations/oauth2/v2.0/authorize?${new URLSearchParams({ ...AUTHORIZE, response_type: responseType })}`
  const { url: back } = await signInAndAccept(openBrowser(here), url, { username: `uma@${domain}` })
  const inFront = new URLSearchParams(back.hash.slice(1)).get('id_token')
  if (inFront) return { idToken: decodeJwt(inFront), accessToken: {} }
  const { body } = await askToken(here, 'organizations', {
    grant_type: 'authorization_code',
    client_id: APP,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code: back.searchParams.get('code') ?? '',
  })
  return { idToken: decodeJwt(body.id_token), accessToken: decodeJwt(body.access_token) }
}

test('optional claims of the registration stand in the token that they are wanted in', async () => {
  const idToken = [
    'email',
    'upn',
    'given_name',
    'family_name',
    'login_hint',
    'auth_time',
    'sid',
    'acct',
    'ctry',
    'ipaddr',
  ]
  const tokens = await tokensOf(estateWith({ optionalClaims: { idToken } }))
  const { auth_time: authTime, sid, login_hint: hint, ...others } = tokens.idToken
  assert.equal(others.upn, 'uma@contoso.example')
  assert.equal(others.family_name, 'User')
  assert.deepEqual([others.acct, others.ctry, others.ipaddr], [0, 'US', '127.0.0.1'])
  assert.ok(Math.abs(Number(authTime) - Date.now() / 1000) < 60)
  assert.match(String(sid), /^[0-9a-f-]{36}$/)
  assert.match(String(hint), /^O\./)
  const plain = (await tokensOf(estateWith({}))).idToken
  for (const name of ['upn', 'auth_time', 'sid', 'login_hint', 'ctry']) assert.equal(name in plain, false, name)
})

test('groups and roles of the directory: as far as the registration wants them', async () => {
  const of = async (groupMembershipClaims: string | null, groups = 12) =>
    (await tokensOf(estateWith({ groupMembershipClaims }, groups))).idToken
  assert.equal((await of(null)).groups, undefined)
  const security = (await of('SecurityGroup')).groups as string[]
  const all = (await of('All')).groups as string[]
  assert.ok(security.length > 0 && security.length < all.length, 'mail groups come with All alone')
  assert.ok(security.every((id) => all.includes(id)))
  assert.ok(Array.isArray((await of('DirectoryRole')).wids))
  assert.equal((await of('SecurityGroup')).wids, undefined)
})

test('groups in which one’s groups are stand in the token, too, each once', async () => {
  const estate = estateWith({ groupMembershipClaims: 'SecurityGroup' })
  const application = ['Group.ReadWrite.All', 'User.Read.All']
  await using here = await startEmulator({
    estate: { ...estate, servicePrincipals: [{ tenant: CONTOSO, appId: APP, application }] },
  })
  const form = { grant_type: 'client_credentials', client_id: APP, client_secret: SECRET, scope: GRAPH_DEFAULT }
  const { body: token } = await askToken(here, CONTOSO, form)
  const headers = { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/json' }
  const uma = (await ask(here, '/v1.0/users/uma@contoso.example', { headers })).body
  const group = async (displayName: string, member: string) => {
    const json = {
      displayName,
      mailEnabled: false,
      mailNickname: displayName,
      securityEnabled: true,
      'members@odata.bind': [`https://graph.microsoft.com/v1.0/directoryObjects/${member}`],
    }
    return (await ask(here, '/v1.0/groups', { headers, method: 'POST', json })).body.id as string
  }
  const inner = await group('inner', uma.id)
  const outer = await group('outer', inner)
  const { idToken } = await tokensAt(here)
  assert.deepEqual(new Set(idToken.groups as string[]), new Set([inner, outer]))
})

test('more than 200 groups do not fit: the token says where to ask; from the page 5 are the most', async () => {
  const many = estateWith({ groupMembershipClaims: 'All', implicitGrant: { idTokens: true } }, 400)
  const { idToken } = await tokensOf(many)
  assert.equal(idToken.groups, undefined)
  assert.deepEqual(idToken._claim_names, { groups: 'src1' })
  const { src1 } = idToken._claim_sources as { src1: { endpoint: string } }
  assert.match(src1.endpoint, new RegExp(`/users/${idToken.oid}/getMemberObjects$`))
  const few = estateWith({ groupMembershipClaims: 'All', implicitGrant: { idTokens: true } }, 12)
  const inFront = (await tokensOf(few, { responseType: 'id_token' })).idToken
  assert.equal(inFront.hasgroups, true)
  assert.equal(inFront.groups, undefined)
})

test('tokens for an API of one’s own say less than Graph’s, name it as it was asked for, and hold the user’s roles there', async () => {
  const estate = testEstate()
  const api = { displayName: 'Old API', homeTenant: CONTOSO, redirectUris: [REDIRECT] }
  const appId = 'a0000000-0000-4000-8000-0000000000e1'
  const id = randomUUID()
  const appRoles = [{ id, value: 'Clerk', displayName: 'Clerk', allowedMemberTypes: ['User' as const] }]
  await using here = await startEmulator({
    estate: {
      ...estate,
      tenants: estate.tenants.map((tenant) =>
        tenant.id === CONTOSO ? { ...tenant, generated: { users: 0, groups: 6, seed: 3 } } : tenant,
      ),
      applications: [
        ...(estate.applications ?? []),
        {
          ...api,
          appId,
          appRoles,
          secrets: [{ value: SECRET }],
          identifierUris: ['api://one', 'api://two'],
          delegatedPermissions: [{ value: 'Do', displayName: 'Do' }],
          requiredPermissions: {
            delegated: ['openid', 'User.Read'],
            others: [{ app: appId, delegated: ['Do'] }],
            application: ['GroupMember.Read.All', 'AppRoleAssignment.ReadWrite.All', 'Application.Read.All'],
          },
        },
      ],
      servicePrincipals: [
        ...(estate.servicePrincipals ?? []),
        {
          tenant: CONTOSO,
          appId,
          application: [
            'GroupMember.Read.All',
            'AppRoleAssignment.ReadWrite.All',
            'Application.Read.All',
            'User.Read.All',
          ],
        },
      ],
    },
  })
  const appOnly = async (scope: string) => {
    const form = { grant_type: 'client_credentials', client_id: appId, client_secret: SECRET, scope }
    return (await askToken(here, CONTOSO, form)).body.access_token as string
  }
  const graph = { authorization: `Bearer ${await appOnly(GRAPH_DEFAULT)}`, 'content-type': 'application/json' }
  const read = async (path: string) => (await ask(here, `/v1.0/${path}`, { headers: graph })).body
  const uma = await read('users/uma@contoso.example')
  const { value: groups } = await read(`users/${uma.id}/memberOf`)
  const service = await read(`servicePrincipals(appId='${appId}')`)
  const assigned = await ask(here, `/v1.0/servicePrincipals/${service.id}/appRoleAssignedTo`, {
    headers: graph,
    method: 'POST',
    json: { principalId: groups[0].id, resourceId: service.id, appRoleId: id },
  })
  assert.equal(assigned.status, 201, assigned.text)

  const ownOnly = decodeJwt(await appOnly('api://two/.default'))
  assert.equal(ownOnly.aud, 'api://two')
  assert.equal(decodeJwt(await appOnly(`${appId}/.default`)).aud, appId)
  const GRAPHS = ['idtyp', 'wids', 'tenant_region_scope', 'xms_tcdt', 'xms_tdbr', 'app_displayname']
  for (const name of GRAPHS) assert.equal(name in ownOnly, false, name)
  for (const name of GRAPHS) assert.equal(name in decodeJwt(await appOnly(GRAPH_DEFAULT)), true, name)

  const url = `${here.browserOrigin}/${CONTOSO}/oauth2/v2.0/authorize?${new URLSearchParams({ ...AUTHORIZE, client_id: appId, response_type: 'code', scope: 'openid api://one/Do' })}`
  const { url: back } = await signInAndAccept(openBrowser(here), url, { username: 'uma@contoso.example' })
  const { body } = await askToken(here, CONTOSO, {
    grant_type: 'authorization_code',
    client_id: appId,
    client_secret: SECRET,
    redirect_uri: REDIRECT,
    code: back.searchParams.get('code') ?? '',
    scope: 'openid api://one/Do',
  })
  const own = decodeJwt(body.access_token)
  assert.deepEqual([own.aud, own.scp, own.upn], ['api://one', 'Do', 'uma@contoso.example'])
  assert.deepEqual(own.roles, ['Clerk'], 'by the group that she is in')
  assert.deepEqual(decodeJwt(body.id_token).roles, ['Clerk'])
  for (const name of GRAPHS) assert.equal(name in own, false, name)
})

test('an API that wants to be told of application tokens by idtyp is told', async () => {
  const estate = testEstate()
  await using here = await startEmulator({
    estate: {
      ...estate,
      applications: (estate.applications ?? []).map((app) =>
        app.appId === API_APP ? { ...app, optionalClaims: { accessToken: ['idtyp'] } } : app,
      ),
    },
  })
  const form = {
    grant_type: 'client_credentials',
    client_id: APP,
    client_secret: SECRET,
    scope: 'api://orders/.default',
  }
  assert.equal(decodeJwt((await askToken(here, CONTOSO, form)).body.access_token).idtyp, 'app')
})

test('openid-client asks who is signed in, and finds the subject of its ID token', async () => {
  const dispatcher = new Agent({ connect: { ca: emulator.ca } })
  const send: client.CustomFetch = (url, options) =>
    fetch(url, { ...(options as object), dispatcher }) as unknown as Promise<Response>
  const config = await client.discovery(new URL(`${emulator.origin}/${FABRIKAM}/v2.0`), APP, SECRET, undefined, {
    [client.customFetch]: send,
    execute: [client.allowInsecureRequests],
  })
  const url = client.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, scope: AUTHORIZE.scope, nonce: 'n' })
  const back = await signInAndAccept(openBrowser(emulator), url.href, { username: 'uma@fabrikam.example' })
  const tokens = await client.authorizationCodeGrant(config, back.url, { expectedNonce: 'n' })
  const { sub } = tokens.claims() ?? assert.fail()
  const info = await client.fetchUserInfo(config, tokens.access_token, sub)
  assert.deepEqual([info.name, info.email], ['Uma User', 'uma@fabrikam.example'])
  await assert.rejects(client.fetchUserInfo(config, 'nonsense', sub), /invalid_token|401|unexpected|challenge/i)
})
