import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import {
  type Ask,
  asApp,
  assertError,
  asUser,
  CONTOSO,
  FABRIKAM,
  graphEstate,
  MICROSOFT_GRAPH,
  NOBODY,
  PORTAL,
  principalId,
  READER,
  STRANGER,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())

/** An application that holds just these permissions. */
async function holding(...permissions: string[]): Promise<Ask> {
  for (const permission of permissions)
    await emulator.directory.grantPermission({ tenant: FABRIKAM, app: NOBODY, permission })
  return asApp(emulator, NOBODY)
}

test('each permission opens its own paths and no other', async () => {
  const paths = [
    '/users',
    '/groups',
    '/organization',
    '/servicePrincipals',
    '/applications',
    '/oauth2PermissionGrants',
    '/directoryRoles',
    '/domains',
    '/subscribedSkus',
  ]
  const opens: [string, string[]][] = [
    ['User.Read.All', ['/users']],
    ['GroupMember.Read.All', ['/groups']],
    ['Group.Read.All', ['/groups']],
    ['Organization.Read.All', ['/organization', '/subscribedSkus']],
    ['Application.Read.All', ['/servicePrincipals', '/applications']],
    ['DelegatedPermissionGrant.Read.All', ['/oauth2PermissionGrants']],
    ['RoleManagement.Read.Directory', ['/directoryRoles']],
    ['Domain.Read.All', ['/domains']],
    ['Directory.Read.All', paths.filter((path) => path !== '/none')],
    ['AppRoleAssignment.ReadWrite.All', []],
  ]
  for (const [permission, open] of opens) {
    emulator.reset()
    const ask = await holding(permission)
    for (const path of paths)
      assert.equal((await ask(path)).status, open.includes(path) ? 200 : 403, `${permission} and ${path}`)
  }
})

test('with User.ReadBasic.All a user sees basic profiles only, and an application nothing', async () => {
  assertError(await (await holding('User.ReadBasic.All'))('/users'), 403, 'Authorization_RequestDenied')
  const writer = await asApp(emulator, WRITER)
  const { body: grants } = await writer(
    `/servicePrincipals/${await principalId(writer, PORTAL)}/oauth2PermissionGrants`,
  )
  const scope = 'openid User.ReadBasic.All'
  await writer(`/oauth2PermissionGrants/${grants.value[0].id}`, { method: 'PATCH', body: { scope } })
  const uma = await asUser(emulator, 'uma@fabrikam.example')
  const { body } = await uma(
    "/users?$select=displayName,mail,jobTitle,accountEnabled&$filter=userType eq 'Member'&$top=20",
  )
  assert.equal(body.value.length, 20)
  for (const user of body.value.filter(({ displayName }: { displayName: string }) => displayName !== 'Uma Person')) {
    assert.ok(user.displayName)
    assert.equal(user.jobTitle, null)
    assert.equal(user.accountEnabled, null)
  }
})

test('signInActivity asks for an audit permission besides, and for a premium tenant', async () => {
  const path = '/users?$select=id,signInActivity&$top=1'
  assertError(await (await holding('User.Read.All'))(path), 403, 'Authorization_RequestDenied')
  assert.equal((await (await holding('AuditLog.Read.All'))(path)).status, 200)
  await emulator.directory.grantPermission({ tenant: CONTOSO, app: READER, permission: 'AuditLog.Read.All' })
  const contoso = await asApp(emulator, READER, CONTOSO)
  assertError(await contoso(path), 403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant')
  assert.equal((await contoso('/users?$top=1')).status, 200)
})

test('members whose type the token may not read come with their type and id alone', async () => {
  const ask = await holding('GroupMember.Read.All')
  const { body: groups } = await ask('/groups?$top=1')
  const { body } = await ask(`/groups/${groups.value[0].id}/members`)
  assert.ok(body.value.length > 0)
  for (const { '@odata.type': type, id, ...rest } of body.value) {
    assert.equal(type, '#microsoft.graph.user')
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.ok(Object.values(rest).every((value) => value === null))
  }
})

test('assigning roles asks for reading applications too', async () => {
  const writer = await asApp(emulator, WRITER)
  const { body } = await writer(`/servicePrincipals(appId='${MICROSOFT_GRAPH}')?$select=id`)
  const half = await holding('AppRoleAssignment.ReadWrite.All')
  const path = `/servicePrincipals/${body.id}/appRoleAssignedTo`
  assertError(await half(path, { body: {} }), 403, 'Authorization_RequestDenied')
  assertError(await (await holding('Application.Read.All'))(path, { body: {} }), 400, 'Request_BadRequest')
})

test('an application with OwnedBy changes what it owns, and that is what it made, not itself', async () => {
  const ask = await holding('Application.ReadWrite.OwnedBy', 'Application.Read.All')
  const writer = await asApp(emulator, WRITER)
  const { body: foreign } = await writer('/applications', {
    body: { displayName: 'Foreign', signInAudience: 'AzureADMyOrg' },
  })
  const { body: own } = await ask('/applications', { body: { displayName: 'Own', signInAudience: 'AzureADMyOrg' } })
  const rename = (id: string) => ask(`/applications/${id}`, { method: 'PATCH', body: { displayName: 'Renamed' } })
  assert.equal((await rename(own.id)).status, 204)
  assertError(await rename(foreign.id), 403, 'Authorization_RequestDenied')
  const self = await principalId(ask, NOBODY)
  const disable = (id: string) => ask(`/servicePrincipals/${id}`, { method: 'PATCH', body: { accountEnabled: false } })
  assertError(await disable(self), 403, 'Authorization_RequestDenied')
  const { body: principal } = await ask('/servicePrincipals', { body: { appId: own.appId } })
  assert.equal((await disable(principal.id)).status, 204)
  assertError(
    await ask('/servicePrincipals', { body: { appId: STRANGER } }),
    403,
    'Authorization_RequestDenied',
    /backing application of the service principal being created must in the local tenant$/,
  )
})
