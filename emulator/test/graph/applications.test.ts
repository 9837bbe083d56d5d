import assert from 'node:assert/strict'
import { createPrivateKey, randomUUID } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt, SignJWT } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import {
  type Ask,
  asApp,
  assertError,
  FABRIKAM,
  GROUP_READ_ALL,
  graphEstate,
  MICROSOFT_GRAPH,
  WRITER,
} from '#emulator/test/graph/support.ts'
import { makeClientCertificate } from '#emulator/test/support/estate.ts'
import { askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const ask: Ask = await asApp(emulator, WRITER)

const create = async (more: object = {}) => {
  const made = await ask('/applications', {
    body: { displayName: 'Made here', signInAudience: 'AzureADMyOrg', ...more },
  })
  assert.equal(made.status, 201, made.text)
  return made.body
}
const tokenFor = (appId: string, secret: string) =>
  askToken(emulator, FABRIKAM, {
    grant_type: 'client_credentials',
    client_id: appId,
    client_secret: secret,
    scope: 'https://graph.microsoft.com/.default',
  })

test('an application is registered, changed as az changes it, and deleted', async () => {
  const made = await create({
    keyCredentials: [],
    web: { redirectUris: ['https://localhost/signin'], implicitGrantSettings: { enableIdTokenIssuance: true } },
  })
  assert.equal(made.web.implicitGrantSettings.enableIdTokenIssuance, true)
  assert.deepEqual(made.requiredResourceAccess, [])
  const path = `/applications/${made.id}`
  assert.deepEqual(
    (await ask(`/applications?$filter=appId eq '${made.id}'`)).body.value,
    [],
    'an object id is no appId',
  )
  const { body: found } = await ask(`/applications?$filter=${encodeURIComponent("startswith(displayName,'Made')")}`)
  assert.deepEqual(
    found.value.map(({ id }: { id: string }) => id),
    [made.id],
  )
  const requiredResourceAccess = [
    { resourceAppId: MICROSOFT_GRAPH, resourceAccess: [{ id: GROUP_READ_ALL, type: 'Role' }] },
  ]
  assert.equal((await ask(path, { method: 'PATCH', body: { requiredResourceAccess } })).status, 204)
  const { body: changed } = await ask(`/applications(appId='${made.appId}')`)
  assert.deepEqual(changed.requiredResourceAccess, requiredResourceAccess)
  assert.deepEqual(changed.web.redirectUris, ['https://localhost/signin'], 'what was not named stays')
  assert.equal((await ask(path, { method: 'DELETE' })).status, 204)
  assertError(await ask(path), 404, 'Request_ResourceNotFound')
})

test('an application with a unique name is made once, however often it is asked for, and keeps the name when it is deleted', async () => {
  const path = "/applications(uniqueName='it''s-ours')"
  const upsert = (body: object, prefer = 'create-if-missing') =>
    ask(path, { method: 'PATCH', body, headers: { prefer } })
  const taken = /^Another object with the same value for property uniqueName already exists\.$/
  assertError(await upsert({ displayName: 'Ours' }, 'return=minimal'), 404, 'Request_ResourceNotFound')
  assertError(await upsert({ signInAudience: 'AzureADMyOrg' }), 400, 'Request_BadRequest', /'displayName'/)
  const answers = await Promise.all([1, 2, 3].map(() => upsert({ displayName: 'Ours' })))
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 204, 204],
  )
  const made = answers.find(({ status }) => status === 201)?.body
  assert.equal(made.uniqueName, "it's-ours")
  assert.equal((await upsert({ displayName: 'Still ours' })).status, 204)
  const { body: shown } = await ask(path)
  assert.deepEqual([shown.id, shown.displayName, shown.uniqueName], [made.id, 'Still ours', made.uniqueName])

  const other = await create()
  const name = (id: string, uniqueName: string) => ask(`/applications/${id}`, { method: 'PATCH', body: { uniqueName } })
  assert.equal(other.uniqueName, null)
  assertError(await name(other.id, made.uniqueName), 400, 'Request_BadRequest', taken)
  assert.equal((await name(other.id, 'theirs')).status, 204)
  assertError(await name(other.id, 'another'), 400, 'Request_BadRequest')
  assertError(
    await ask('/applications', { body: { displayName: 'X', uniqueName: 'theirs' } }),
    400,
    'Request_BadRequest',
  )

  const group = { method: 'PATCH', body: { displayName: 'Ours' }, headers: { prefer: 'create-if-missing' } }
  assertError(await ask("/groups(uniqueName='ours')", group), 501, 'NotImplemented')

  emulator.lag.set({ applicationReads: 1 })
  const late = "/applications(uniqueName='late')"
  const prefer = { headers: { prefer: 'create-if-missing' }, method: 'PATCH', body: { displayName: 'Late' } }
  assert.equal((await ask(late, prefer)).status, 201)
  assertError(await ask(late, prefer), 400, 'Request_BadRequest', taken)
  assert.equal((await ask(late, prefer)).status, 204)
  emulator.lag.clear()

  assert.equal((await ask(path, { method: 'DELETE' })).status, 204)
  assertError(await upsert({ displayName: 'Ours' }), 400, 'Request_BadRequest', taken)
  assert.equal((await ask(`/directory/deletedItems/${made.id}`, { method: 'DELETE' })).status, 204)
  assert.equal((await upsert({ displayName: 'Ours' })).status, 201)
})

test('an application that takes personal accounts has tokens of version 2, and cannot have others', async () => {
  const personal = 'AzureADandPersonalMicrosoftAccount'
  const { body: byDefault } = await ask('/applications', { body: { displayName: 'Says nothing of it' } })
  assert.deepEqual([byDefault.signInAudience, byDefault.api.requestedAccessTokenVersion], [personal, 2])
  const { id } = await create({ signInAudience: 'AzureADMyOrg' })
  const change = (path: string, body: object) => ask(`/applications/${path}`, { method: 'PATCH', body })
  for (const [path, body] of [
    [id, { signInAudience: personal }],
    [id, { signInAudience: 'PersonalMicrosoftAccount', api: { requestedAccessTokenVersion: 1 } }],
    [byDefault.id, { api: { requestedAccessTokenVersion: null } }],
  ] as const)
    assertError(await change(path, body), 400, 'InvalidAccessTokenVersion')
  const both = { signInAudience: personal, api: { requestedAccessTokenVersion: 2 } }
  assert.equal((await change(id, both)).status, 204)
})

test('tokens for an application are of version 1 until it asks for version 2', async () => {
  const { id, appId, api } = await create({ signInAudience: 'AzureADMultipleOrgs' })
  assert.equal(api.requestedAccessTokenVersion, null)
  await ask('/servicePrincipals', { body: { appId } })
  const added = await ask(`/applications/${id}/addPassword`, { body: {} })
  const claims = async () => {
    const { body } = await askToken(emulator, FABRIKAM, {
      grant_type: 'client_credentials',
      client_id: appId,
      client_secret: added.body.secretText,
      scope: `${appId}/.default`,
    })
    const { ver, iss, azp, appid, aud } = decodeJwt(body.access_token)
    return { ver, iss, azp, appid, aud }
  }
  const old = { ver: '1.0', iss: `https://sts.windows.net/${FABRIKAM}/`, azp: undefined, appid: appId, aud: appId }
  assert.deepEqual(await claims(), old)
  const chooseVersion = (version: number | null) =>
    ask(`/applications/${id}`, { method: 'PATCH', body: { api: { requestedAccessTokenVersion: version } } })
  assert.equal((await chooseVersion(2)).status, 204)
  const iss = `${emulator.origin}/${FABRIKAM}/v2.0`
  assert.deepEqual(await claims(), { ver: '2.0', iss, azp: appId, appid: undefined, aud: appId })
  assert.equal((await ask(`/applications/${id}`)).body.api.requestedAccessTokenVersion, 2)
  assert.equal((await chooseVersion(null)).status, 204)
  assert.deepEqual(await claims(), old)
  assertError(await chooseVersion(3), 400, 'Request_BadRequest')
})

test('redirect addresses have the form that Microsoft takes, and personal accounts take fewer', async () => {
  const { id } = await create()
  const { id: personal } = await create({ signInAudience: 'AzureADandPersonalMicrosoftAccount' })
  const change = (of: string, web: string[], more: object = {}) =>
    ask(`/applications/${of}`, { method: 'PATCH', body: { web: { redirectUris: web }, ...more } })
  const strange = [
    'no address',
    'https://app.example/#part',
    `https://app.example/${'x'.repeat(256)}`,
    'https://app.example/a;b',
    "https://app.example/it's",
  ]
  const refusal = /^Invalid value specified for property 'redirectUris' of resource 'WebApplication'\.$/
  for (const each of [id, personal])
    for (const uri of strange) assertError(await change(each, [uri]), 400, 'Request_BadRequest', refusal)
  const forWork = ['http://app.example/cb', 'https://app.example/cb?a=1', 'https://*.app.example/cb']
  for (const uri of forWork) {
    assert.equal((await change(id, [uri])).status, 204, uri)
    assertError(await change(personal, [uri]), 400, 'Request_BadRequest', refusal)
  }
  for (const uri of ['https://app.example/cb', 'http://localhost:3000/cb', 'http://127.0.0.1/cb'])
    assert.equal((await change(personal, [uri])).status, 204, uri)
  const many = (count: number) => Array.from({ length: count }, (_, index) => `https://app.example/${index}`)
  assert.equal((await change(id, many(256))).status, 204)
  assertError(await change(id, many(257)), 400, 'Request_BadRequest', /redirectUris/)
  assertError(await change(personal, many(101)), 400, 'Request_BadRequest', /redirectUris/)
  const twice = await change(id, ['https://app.example/', 'https://app.example/'])
  assertError(twice, 400, 'Request_BadRequest', /^Request contains a property with duplicate values\.$/)
  const program = { publicClient: { redirectUris: ['msal-app://auth', 'http://localhost'] } }
  assert.equal((await change(id, [], program)).status, 204)
})

test('an identifier of an API is of its tenant, until it asks for tokens of version 2', async () => {
  const { id, appId } = await create()
  const change = (identifierUris: string[], api: object = {}) =>
    ask(`/applications/${id}`, { method: 'PATCH', body: { identifierUris, ...api } })
  const ours = [
    `api://${appId}`,
    `api://${appId}/more`,
    `api://${FABRIKAM}/orders`,
    'https://fabrikam.example/orders',
    'api://orders.fabrikam.example',
  ]
  for (const uri of ours) assert.equal((await change([uri])).status, 204, uri)
  for (const uri of ['api://orders', 'https://elsewhere.example/', 'https://notfabrikam.example', 'orders'])
    assertError(
      await change([uri]),
      400,
      'HostNameNotOnVerifiedDomain',
      new RegExp(`^Values of identifierUris property must use a verified domain .*: '${uri}'$`),
    )
  assert.equal((await change(['api://orders'], { api: { requestedAccessTokenVersion: 2 } })).status, 204)
  const back = { api: { requestedAccessTokenVersion: 1 } }
  assert.equal((await change(['api://orders'], back)).status, 204, 'what is there already may stay')
})

test('no two roles, and no two permissions, of an application have one value', async () => {
  const role = (more: object) => ({
    id: randomUUID(),
    value: 'Clerk',
    displayName: 'Clerk',
    description: 'Writes.',
    allowedMemberTypes: ['User'],
    ...more,
  })
  const [first] = [role({})]
  const words = /^Request contains a property with duplicate values\.$/
  const { id } = await create()
  const change = (body: object) => ask(`/applications/${id}`, { method: 'PATCH', body })
  assertError(await change({ appRoles: [first, role({})] }), 400, 'Request_BadRequest', words)
  assertError(await change({ appRoles: [first, { ...first, value: 'Other' }] }), 400, 'Request_BadRequest', words)
  const scope = (value: string) => ({ id: randomUUID(), value })
  const twice = { api: { oauth2PermissionScopes: [scope('Do'), scope('Do')] } }
  assertError(await change(twice), 400, 'Request_BadRequest', words)
  assert.equal((await change({ appRoles: [first, role({ value: 'Other' })] })).status, 204)
})

test('a role or a permission is taken away only after it has been disabled', async () => {
  const role = {
    id: crypto.randomUUID(),
    value: 'Do',
    displayName: 'Do',
    description: 'Do',
    allowedMemberTypes: ['User'],
  }
  const scope = { id: crypto.randomUUID(), value: 'do', type: 'User' }
  const { id } = await create({ appRoles: [role], api: { oauth2PermissionScopes: [scope] } })
  const change = (body: object) => ask(`/applications/${id}`, { method: 'PATCH', body })
  for (const [without, disabled] of [
    [{ appRoles: [] }, { appRoles: [{ ...role, isEnabled: false }] }],
    [{ api: { oauth2PermissionScopes: [] } }, { api: { oauth2PermissionScopes: [{ ...scope, isEnabled: false }] } }],
  ] as const) {
    assertError(await change(without), 400, 'CannotDeleteOrUpdateEnabledEntitlement')
    assert.equal((await change(disabled)).status, 204)
    assert.equal((await change(without)).status, 204)
  }
})

test('a secret is shown once, opens the door, and can be taken away', async () => {
  const { id, appId } = await create()
  await ask('/servicePrincipals', { body: { appId, accountEnabled: true } })
  const added = await ask(`/applications/${id}/addPassword`, { body: { passwordCredential: { displayName: 'first' } } })
  assert.equal(added.status, 200, added.text)
  const { secretText, keyId, hint, endDateTime, startDateTime } = added.body
  assert.match(secretText, /^.{16,64}$/)
  assert.equal(hint, secretText.slice(0, 3))
  assert.equal(new Date(endDateTime).getUTCFullYear() - new Date(startDateTime).getUTCFullYear(), 2)
  assert.equal((await tokenFor(appId, secretText)).status, 200)
  const shown = await ask(`/applications/${id}`)
  assert.equal(shown.body.passwordCredentials[0].secretText, null)
  assert.doesNotMatch(shown.text, new RegExp(secretText.slice(5, 20)))
  assert.equal((await ask(`/applications/${id}/removePassword`, { body: { keyId } })).status, 204)
  assert.equal((await tokenFor(appId, secretText)).status, 401)
  assertError(await ask(`/applications/${id}/removePassword`, { body: { keyId } }), 400, 'Request_BadRequest')
})

test('a secret cannot be brought along, and is gone where the list leaves it out', async () => {
  const brought = { passwordCredentials: [{ displayName: 'mine', secretText: 'chosen by me' }] }
  const refusal = /^New password credentials must be generated with service actions\.$/
  assertError(
    await ask('/applications', { body: { displayName: 'Own', ...brought } }),
    400,
    'Request_BadRequest',
    refusal,
  )
  const { id, appId } = await create()
  await ask('/servicePrincipals', { body: { appId } })
  const path = `/applications/${id}`
  const first = (await ask(`${path}/addPassword`, { body: {} })).body
  const second = (await ask(`${path}/addPassword`, { body: {} })).body
  assertError(await ask(path, { method: 'PATCH', body: brought }), 400, 'Request_BadRequest', refusal)
  const { passwordCredentials } = (await ask(path)).body
  const kept = passwordCredentials.filter(({ keyId }: { keyId: string }) => keyId === second.keyId)
  assert.equal((await ask(path, { method: 'PATCH', body: { passwordCredentials: kept } })).status, 204)
  assert.equal((await tokenFor(appId, first.secretText)).status, 401)
  assert.equal((await tokenFor(appId, second.secretText)).status, 200)
})

test('a secret with an end expires by the clock', async () => {
  const { id, appId } = await create()
  await ask('/servicePrincipals', { body: { appId } })
  const endDateTime = new Date(emulator.clock.now().getTime() + 3_600_000).toISOString()
  const { body } = await ask(`/applications/${id}/addPassword`, { body: { passwordCredential: { endDateTime } } })
  assert.equal((await tokenFor(appId, body.secretText)).status, 200)
  emulator.clock.advance({ hours: 2 })
  assert.match((await tokenFor(appId, body.secretText)).body.error_description, /^AADSTS7000222/)
})

test('certificates are put by PATCH and rolled by the application itself with a proof', async () => {
  const [old, next] = [makeClientCertificate(), makeClientCertificate()]
  const der = (pem: string) => pem.replace(/-----[A-Z ]+-----|\s/g, '')
  const { id } = await create({
    keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: der(old.certificate) }],
  })
  const { body: before } = await ask(`/applications/${id}`)
  assert.equal(before.keyCredentials.length, 1)
  assert.equal(before.keyCredentials[0].key, null)
  const proof = (key = old.key) => {
    const now = Math.floor(emulator.clock.now().getTime() / 1000)
    return new SignJWT({ aud: '00000002-0000-0000-c000-000000000000', iss: id, nbf: now, exp: now + 600 })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })))
  }
  const keyCredential = { type: 'AsymmetricX509Cert', usage: 'Verify', key: der(next.certificate) }
  assertError(
    await ask(`/applications/${id}/addKey`, { body: { keyCredential, proof: await proof(next.key) } }),
    401,
    'Authentication_MissingOrMalformed',
  )
  const added = await ask(`/applications/${id}/addKey`, {
    body: { keyCredential, passwordCredential: null, proof: await proof() },
  })
  assert.equal(added.status, 200, added.text)
  assert.equal((await ask(`/applications/${id}`)).body.keyCredentials.length, 2)
  const removed = await ask(`/applications/${id}/removeKey`, {
    body: { keyId: before.keyCredentials[0].keyId, proof: await proof(next.key) },
  })
  assert.equal(removed.status, 204)
  assertError(
    await ask(`/applications/${id}`, { method: 'PATCH', body: { keyCredentials: [{ key: 'bm9uc2Vuc2U=' }] } }),
    400,
    'Request_BadRequest',
    /^Key value is invalid certificate\.$/,
  )
})

test('federated credentials are unique by name and by issuer with subject', async () => {
  const { id } = await create()
  const path = `/applications/${id}/federatedIdentityCredentials`
  const body = {
    name: 'ci',
    issuer: 'https://issuer.example',
    subject: 'repo:x',
    audiences: ['api://AzureADTokenExchange'],
  }
  const made = await ask(path, { body })
  assert.equal(made.status, 201, made.text)
  assertError(await ask(path, { body }), 409, 'Request_MultipleObjectsWithSameKeyValue')
  assertError(await ask(path, { body: { ...body, name: 'other' } }), 409, 'Request_MultipleObjectsWithSameKeyValue')
  assertError(await ask(path, { body: { ...body, name: 'two', audiences: ['a', 'b'] } }), 400, 'Request_BadRequest')
  assert.equal((await ask(`${path}/${made.body.id}`, { method: 'PATCH', body: { subject: 'repo:y' } })).status, 204)
  assert.equal((await ask(path)).body.value[0].subject, 'repo:y')
  assert.equal((await ask(`${path}/ci`, { method: 'DELETE' })).status, 204)
  assert.deepEqual((await ask(path)).body.value, [])
})

test('an application that is not the tenant’s own is not found, and foreign service principals need the real id', async () => {
  assertError(await ask(`/applications(appId='${WRITER}')`), 404, 'Request_ResourceNotFound')
  const { appId } = await create()
  assert.equal((await ask('/servicePrincipals', { body: { appId } })).status, 201)
  assert.equal((await ask(`/servicePrincipals(appId='${appId}')`)).body.appOwnerOrganizationId, FABRIKAM)
})
