import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startEmulator } from '#emulator/index.ts'
import {
  appToken,
  asApp,
  assertError,
  asUser,
  CONTOSO,
  FABRIKAM,
  GROUP_READ_ALL,
  graphEstate,
  MICROSOFT_GRAPH,
  NOBODY,
  PORTAL,
  principalId,
  READER,
  STRANGER,
  USER_READ_ALL,
  WRITER,
  withToken,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const writer = await asApp(emulator, WRITER)
const client = await principalId(writer, NOBODY)
const graph = await principalId(writer, MICROSOFT_GRAPH)
const body = { principalId: client, resourceId: graph, appRoleId: USER_READ_ALL }

test('an app role is assigned from the side of the resource, of the client, and as the Azure sample does it', async () => {
  for (const path of [
    `/servicePrincipals/${graph}/appRoleAssignedTo`,
    `/servicePrincipals/${client}/appRoleAssignments`,
    `/servicePrincipals/${graph}/appRoleAssignments`,
    `/beta/servicePrincipals/${graph}/appRoleAssignments`,
    `/serviceprincipals(appId='${MICROSOFT_GRAPH}')/approleassignedto`,
  ]) {
    emulator.reset()
    const { status, body: made, text } = await writer(path, { body })
    assert.equal(status, 201, text)
    assert.match(
      made['@odata.context'],
      /\$metadata#servicePrincipals\('[0-9a-f-]{36}'\)\/appRoleAssign(ments|edTo)\/\$entity$/,
    )
    assert.equal(made.principalId, client)
    assert.equal(made.resourceId, graph)
    assert.equal(made.appRoleId, USER_READ_ALL)
    assert.equal(made.principalType, 'ServicePrincipal')
    assert.equal(made.principalDisplayName, 'Nobody')
    assert.equal(made.resourceDisplayName, 'Microsoft Graph')
    assert.match(made.id, /^[\w-]{43}$/)
    for (const list of [`${client}/appRoleAssignments`, `${graph}/appRoleAssignedTo`]) {
      const { body: listed } = await writer(`/servicePrincipals/${list}`)
      assert.ok(
        listed.value.some(({ id }: { id: string }) => id === made.id),
        list,
      )
    }
  }
})

test('a duplicate is refused in the words that clients look for, in message and details', async () => {
  await writer(`/servicePrincipals/${client}/appRoleAssignments`, { body })
  const again = await writer(`/servicePrincipals/${graph}/appRoleAssignedTo`, { body })
  assertError(again, 400, 'Request_BadRequest', /^Permission being assigned already exists on the object$/)
  assert.equal(again.body.error.details[0].message, 'Permission being assigned already exists on the object')
})

test('what was assigned stands in the next token, and works; what was taken away does not', async () => {
  const before = await appToken(emulator, NOBODY, FABRIKAM)
  assert.equal(decodeJwt(before).roles, undefined)
  const { body: made } = await writer(`/servicePrincipals/${client}/appRoleAssignments`, { body })
  assert.equal((await withToken(emulator, before)('/users')).status, 403)
  const token = await appToken(emulator, NOBODY, FABRIKAM)
  assert.deepEqual(decodeJwt(token).roles, ['User.Read.All'])
  assert.equal((await withToken(emulator, token)('/users')).status, 200)
  assert.equal(
    (await writer(`/servicePrincipals/${client}/appRoleAssignments/${made.id}`, { method: 'DELETE' })).status,
    204,
  )
  assert.equal((await (await asApp(emulator, NOBODY))('/users')).status, 403)
})

test('an assignment is deleted from either side, once', async () => {
  for (const side of [`${client}/appRoleAssignments`, `${graph}/appRoleAssignedTo`]) {
    const { body: made } = await writer(`/servicePrincipals/${side}`, { body })
    assert.equal((await writer(`/servicePrincipals/${side}/${made.id}`)).body.id, made.id)
    const removed = await writer(`/servicePrincipals/${side}/${made.id}`, { method: 'DELETE' })
    assert.equal(removed.status, 204)
    assert.equal(removed.text, '')
    assertError(
      await writer(`/servicePrincipals/${side}/${made.id}`, { method: 'DELETE' }),
      404,
      'Request_ResourceNotFound',
    )
  }
})

test('wrong ids are refused as Graph refuses each of them', async () => {
  const path = `/servicePrincipals/${client}/appRoleAssignments`
  const stranger = '99999999-9999-4999-8999-999999999999'
  // The delegated permission's id where the role's belongs.
  const scope = 'a154be20-db9c-4678-8ab7-66f6cc099a59'
  assertError(
    await writer(path, { body: { ...body, appRoleId: scope } }),
    400,
    'Request_BadRequest',
    /^Permission being assigned was not found on application/,
  )
  assertError(
    await writer(path, { body: { ...body, principalId: NOBODY } }),
    400,
    'Request_BadRequest',
    /^Not a valid reference update\.$/,
  )
  assertError(
    await writer(path, { body: { ...body, resourceId: MICROSOFT_GRAPH } }),
    400,
    'Request_BadRequest',
    /^Not a valid reference update\.$/,
  )
  assertError(await writer(path, { body: { ...body, resourceId: stranger } }), 404, 'Request_ResourceNotFound')
  assertError(await writer(path, { body: { ...body, principalId: stranger } }), 404, 'Request_ResourceNotFound')
  assertError(
    await writer(`/servicePrincipals/${stranger}/appRoleAssignments`, { body }),
    404,
    'Request_ResourceNotFound',
  )
  assertError(await writer(path, { body: { principalId: client } }), 400, 'Request_BadRequest')
  assertError(await writer(path, { body: 'no json' }), 400, 'Request_BadRequest')
  assertError(
    await writer(`/servicePrincipals/${await principalId(writer, READER)}/appRoleAssignments`, { body }),
    400,
    'Request_BadRequest',
  )
})

test('PATCH of an assignment is not allowed', async () => {
  const { body: made } = await writer(`/servicePrincipals/${client}/appRoleAssignments`, { body })
  assertError(
    await writer(`/servicePrincipals/${client}/appRoleAssignments/${made.id}`, { method: 'PATCH', body: {} }),
    405,
    'Request_BadRequest',
    /^Specified HTTP method is not allowed for the request target\.$/,
  )
})

test('Graph’s roles are given by those who may: Global and Privileged Role Administrators, and no other', async () => {
  const path = `/servicePrincipals/${graph}/appRoleAssignedTo`
  for (const [name, status] of [
    ['grace', 201],
    ['priya', 201],
    ['adam', 403],
    ['uma', 403],
  ] as const) {
    emulator.reset()
    const person = await asUser(emulator, `${name}@fabrikam.example`)
    const answer = await person(path, { body })
    assert.equal(answer.status, status, name)
    if (status === 403) assertError(answer, 403, 'Authorization_RequestDenied', /^Insufficient privileges/)
  }
})

test('Graph’s roles are taken away by the same, and by no other', async () => {
  const path = `/servicePrincipals/${graph}/appRoleAssignedTo`
  const made = (await writer(path, { body })).body
  for (const [name, status] of [
    ['adam', 403],
    ['uma', 403],
    ['priya', 204],
  ] as const) {
    const person = await asUser(emulator, `${name}@fabrikam.example`)
    assert.equal((await person(`${path}/${made.id}`, { method: 'DELETE' })).status, status, name)
  }
})

test('the scope alone decides nothing, and neither does the role without the scope', async () => {
  const reader = await asApp(emulator, READER)
  assertError(
    await reader(`/servicePrincipals/${graph}/appRoleAssignedTo`, { body }),
    403,
    'Authorization_RequestDenied',
  )
  const grants = await writer(`/servicePrincipals/${await principalId(writer, PORTAL)}/oauth2PermissionGrants`)
  await writer(`/oauth2PermissionGrants/${grants.body.value[0].id}`, {
    method: 'PATCH',
    body: { scope: 'openid profile User.Read Application.Read.All' },
  })
  const grace = await asUser(emulator, 'grace@fabrikam.example')
  assertError(
    await grace(`/servicePrincipals/${graph}/appRoleAssignedTo`, { body }),
    403,
    'Authorization_RequestDenied',
  )
})

test('service principals are found by filter, by appId and by name, with their roles and scopes', async () => {
  const reader = await asApp(emulator, READER)
  const { body: list } = await reader(`/servicePrincipals?$filter=appId%20eq%20%27${MICROSOFT_GRAPH}%27`)
  assert.equal(list.value.length, 1)
  const [found] = list.value
  assert.ok(
    found.appRoles.some(({ value, id }: Record<string, string>) => value === 'User.Read.All' && id === USER_READ_ALL),
  )
  assert.ok(
    found.oauth2PermissionScopes.some(
      ({ value, type }: Record<string, string>) => value === 'User.Read' && type === 'User',
    ),
  )
  assert.equal(found.appOwnerOrganizationId, 'f8cdef31-a31e-4b4a-93e4-5f571e91255a')
  for (const query of [
    `servicePrincipalNames/any(c:c eq '${MICROSOFT_GRAPH}')`,
    "servicePrincipalNames/any(c:c eq 'https://graph.microsoft.com')",
    "displayName eq 'Microsoft Graph'",
    "startswith(displayName,'Microsoft')",
  ])
    assert.equal(
      (await reader(`/servicePrincipals?$filter=${encodeURIComponent(query)}`)).body.value[0].id,
      graph,
      query,
    )
  const { body: byKey } = await reader(`/servicePrincipals(appId='${NOBODY}')?$select=id,appId`)
  assert.equal(byKey.id, client)
  const contoso = await asApp(emulator, READER, CONTOSO)
  assert.notEqual(await principalId(contoso, NOBODY), client)
  assertError(await reader(`/servicePrincipals(appId='${STRANGER}')`), 404, 'Request_ResourceNotFound')
})

test('a service principal is created once, disabled, and deleted with all that hung on it', async () => {
  const made = await writer('/servicePrincipals', { body: { appId: STRANGER } })
  assert.equal(made.status, 201)
  assert.equal(made.body.displayName, 'Stranger')
  assertError(
    await writer('/servicePrincipals', { body: { appId: STRANGER } }),
    409,
    'Request_MultipleObjectsWithSameKeyValue',
  )
  assertError(
    await writer('/servicePrincipals', { body: { appId: '99999999-9999-4999-8999-999999999999' } }),
    400,
    'Request_BadRequest',
    /does not reference a valid application object/,
  )
  const { id } = made.body
  assert.equal(
    (await writer(`/servicePrincipals/${id}`, { method: 'PATCH', body: { accountEnabled: false } })).status,
    204,
  )
  assert.equal((await writer(`/servicePrincipals/${id}`)).body.accountEnabled, false)
  await writer(`/servicePrincipals/${id}/appRoleAssignments`, {
    body: { ...body, principalId: id, appRoleId: GROUP_READ_ALL },
  })
  await writer('/oauth2PermissionGrants', {
    body: { clientId: id, consentType: 'AllPrincipals', principalId: null, resourceId: graph, scope: 'User.Read' },
  })
  assert.equal((await writer(`/servicePrincipals/${id}`, { method: 'DELETE' })).status, 204)
  assertError(await writer(`/servicePrincipals/${id}`), 404, 'Request_ResourceNotFound')
  const { body: left } = await writer(`/servicePrincipals/${graph}/appRoleAssignedTo?$top=999`)
  assert.equal(
    left.value.some(({ principalId: principal }: Record<string, string>) => principal === id),
    false,
  )
  assert.equal((await writer(`/oauth2PermissionGrants?$filter=clientId eq '${id}'`)).body.value.length, 0)
  assert.notEqual((await writer('/servicePrincipals', { body: { appId: STRANGER } })).body.id, id)
})

test('permission grants: one for each client, resource and user; replaced by PATCH, gone by DELETE', async () => {
  const grant = {
    clientId: client,
    consentType: 'AllPrincipals',
    principalId: null,
    resourceId: graph,
    scope: 'User.Read openid',
  }
  const made = await writer('/oauth2PermissionGrants', { body: grant })
  assert.equal(made.status, 201)
  assert.equal(made.body.scope, 'User.Read openid')
  assert.match(made.body.id, /^[\w-]{43}$/)
  assertError(
    await writer('/oauth2PermissionGrants', { body: grant }),
    409,
    'Request_MultipleObjectsWithSameKeyValue',
    /^Permission entry already exists\.$/,
  )
  assertError(
    await writer('/oauth2PermissionGrants', { body: { ...grant, consentType: 'Principal' } }),
    400,
    'Request_BadRequest',
  )
  const { body: uma } = await writer('/users/uma@fabrikam.example')
  const own = await writer('/oauth2PermissionGrants', {
    body: { ...grant, consentType: 'Principal', principalId: uma.id },
  })
  assert.match(own.body.id, /^[\w-]{64}$/)
  const { body: list } = await writer(
    `/oauth2PermissionGrants?$filter=clientId eq '${client}' and consentType eq 'AllPrincipals'`,
  )
  assert.deepEqual(
    list.value.map(({ id }: { id: string }) => id),
    [made.body.id],
  )
  assert.equal(
    (await writer(`/oAuth2PermissionGrants/${made.body.id}`, { method: 'PATCH', body: { scope: 'Mail.Read' } })).status,
    204,
  )
  assert.equal((await writer(`/oauth2PermissionGrants/${made.body.id}`)).body.scope, 'Mail.Read')
  assert.equal((await writer(`/oAuth2PermissionGrants/${made.body.id}`, { method: 'DELETE' })).status, 204)
  assertError(await writer(`/oauth2PermissionGrants/${made.body.id}`), 404, 'Request_ResourceNotFound')
})

test('a role of the app’s own is given to a user', async () => {
  const { body: uma } = await writer('/users/uma@fabrikam.example')
  const zero = '00000000-0000-0000-0000-000000000000'
  const made = await writer(`/users/${uma.id}/appRoleAssignments`, {
    body: { principalId: uma.id, resourceId: client, appRoleId: zero },
  })
  assert.equal(made.status, 201, made.text)
  assert.equal(made.body.principalType, 'User')
  const person = await asUser(emulator, 'uma@fabrikam.example')
  assert.equal((await person('/me/appRoleAssignments')).body.value[0].id, made.body.id)
})
