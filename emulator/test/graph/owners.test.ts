import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import {
  type Ask,
  asApp,
  assertError,
  asUser,
  FABRIKAM,
  graphEstate,
  NOBODY,
  PORTAL,
  principalId,
  READER,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const reader = await asApp(emulator, READER)
await emulator.directory.grantPermission({ tenant: FABRIKAM, app: WRITER, permission: 'Directory.Read.All' })
const writer = await asApp(emulator, WRITER)

const link = (id: string) => ({ '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${id}` })
const ids = async (ask: Ask, path: string): Promise<string[]> => {
  const answer = await ask(path)
  assert.equal(answer.status, 200, answer.text)
  return answer.body.value.map(({ id }: { id: string }) => id)
}
const userId = async (name: string) => (await reader(`/users/${name}@fabrikam.example`)).body.id
const create = async (ask: Ask, path: string, body: object) => {
  const made = await ask(path, { body })
  assert.equal(made.status, 201, made.text)
  return made.body
}
const application = { displayName: 'Owned', signInAudience: 'AzureADMyOrg' }
const group = { displayName: 'G', mailEnabled: false, mailNickname: 'g', securityEnabled: true }

test('owners of applications, service principals and groups are listed, added once, and removed', async () => {
  const app = await create(writer, '/applications', application)
  const principal = await create(writer, '/servicePrincipals', { appId: app.appId })
  const team = await create(writer, '/groups', group)
  const uma = await userId('uma')
  for (const path of [`/applications/${app.id}`, `/servicePrincipals/${principal.id}`, `/groups/${team.id}`]) {
    const before = await ids(writer, `${path}/owners`)
    const add = (id: string) => writer(`${path}/owners/$ref`, { body: link(id) })
    assert.equal((await add(uma)).status, 204, path)
    assertError(
      await add(uma),
      400,
      'Request_BadRequest',
      /already exist for the following modified properties: 'owners'/,
    )
    assertError(await add(team.id), 400, 'Request_BadRequest')
    assertError(await add('99999999-9999-4999-8999-999999999999'), 404, 'Request_ResourceNotFound')
    assert.deepEqual(await ids(writer, `${path}/owners`), [...before, uma])
    assert.deepEqual(await ids(writer, `${path}/owners/microsoft.graph.user?$select=id`), [uma])
    const remove = () => writer(`${path}/owners/${uma}/$ref`, { method: 'DELETE' })
    if (path.startsWith('/groups'))
      assertError(await remove(), 400, 'Request_BadRequest', /must have at least one owner/)
    else {
      assert.equal((await remove()).status, 204)
      assertError(await remove(), 404, 'Request_ResourceNotFound')
      assert.deepEqual(await ids(writer, `${path}/owners`), before)
    }
  }
})

test('whoever makes it owns it: an application by itself, or the user on whose behalf it acts', async () => {
  const app = await create(writer, '/applications', application)
  assert.deepEqual(await ids(writer, `/applications/${app.id}/owners`), [await principalId(reader, WRITER)])
  const team = await create(writer, '/groups', group)
  assert.deepEqual(await ids(writer, `/groups/${team.id}/owners`), [], 'nobody owns a group that no user made')
  const uma = await userId('uma')
  const bound = await create(writer, '/groups', { ...group, 'owners@odata.bind': [link(uma)['@odata.id']] })
  assert.deepEqual(await ids(writer, `/groups/${bound.id}/owners`), [uma])
  assert.deepEqual(await ids(writer, `/users/${uma}/ownedObjects`), [bound.id])
  assert.deepEqual(await ids(await asUser(emulator, 'uma@fabrikam.example'), '/me/ownedObjects'), [bound.id])
})

test('what an application with OwnedBy may change follows its owners', async () => {
  for (const permission of ['Application.ReadWrite.OwnedBy', 'Application.Read.All'])
    await emulator.directory.grantPermission({ tenant: FABRIKAM, app: NOBODY, permission })
  const nobody = await asApp(emulator, NOBODY)
  const self = await principalId(reader, NOBODY)
  const app = await create(writer, '/applications', application)
  const rename = () => nobody(`/applications/${app.id}`, { method: 'PATCH', body: { displayName: 'Renamed' } })
  const secret = () => nobody(`/applications/${app.id}/addPassword`, { body: {} })
  assertError(await rename(), 403, 'Authorization_RequestDenied')
  assertError(await secret(), 403, 'Authorization_RequestDenied')
  await writer(`/applications/${app.id}/owners/$ref`, { body: link(self) })
  assert.equal((await rename()).status, 204)
  assert.equal((await secret()).status, 200)
  assertError(
    await nobody(`/applications/${app.id}/owners/$ref`, { body: link(await userId('uma')) }),
    403,
    'Authorization_RequestDenied',
  )
  assert.equal((await nobody(`/applications/${app.id}/owners/${self}/$ref`, { method: 'DELETE' })).status, 204)
  assertError(await rename(), 403, 'Authorization_RequestDenied')
})

test('deleted applications and service principals come back within 30 days, with what they held', async () => {
  const app = await create(writer, '/applications', application)
  const principal = await create(writer, '/servicePrincipals', { appId: app.appId })
  await emulator.directory.grantPermission({ tenant: FABRIKAM, app: app.appId, permission: 'User.Read.All' })
  assert.equal((await writer(`/applications/${app.id}`, { method: 'DELETE' })).status, 204)
  assert.deepEqual(await ids(writer, '/directory/deletedItems/microsoft.graph.application'), [app.id])
  assert.deepEqual(await ids(writer, '/directory/deletedItems/microsoft.graph.servicePrincipal'), [principal.id])
  const { body: dead } = await writer(`/directory/deletedItems/${app.id}`)
  assert.ok(dead.deletedDateTime)
  const restore = (id: string) => writer(`/directory/deletedItems/${id}/restore`, { method: 'POST' })
  assert.equal((await restore(app.id)).status, 200)
  assert.equal((await writer(`/applications/${app.id}`)).body.displayName, 'Owned')
  assertError(await writer(`/servicePrincipals/${principal.id}`), 404, 'Request_ResourceNotFound')
  assert.equal((await restore(principal.id)).status, 200)
  const { body: held } = await writer(`/servicePrincipals/${principal.id}/appRoleAssignments`)
  assert.equal(held.value.length, 1)
  await writer(`/servicePrincipals/${principal.id}`, { method: 'DELETE' })
  await create(writer, '/servicePrincipals', { appId: app.appId })
  assertError(await restore(principal.id), 409, 'Request_MultipleObjectsWithSameKeyValue', /is already in use\.$/)
  emulator.clock.advance({ days: 30 })
  const late = await asApp(emulator, WRITER)
  assert.deepEqual(await ids(late, '/directory/deletedItems/microsoft.graph.servicePrincipal'), [])
})

test('whoever owns a group runs it without a directory role, and nobody else’s', async () => {
  const portal = await principalId(writer, PORTAL)
  const { body: grants } = await writer(`/servicePrincipals/${portal}/oauth2PermissionGrants`)
  const scope = 'openid Group.ReadWrite.All'
  await writer(`/oauth2PermissionGrants/${grants.value[0].id}`, { method: 'PATCH', body: { scope } })
  const uma = await asUser(emulator, 'uma@fabrikam.example')
  const own = await create(uma, '/groups', group)
  const other = await create(writer, '/groups', { ...group, mailNickname: 'other' })
  const grace = await userId('grace')
  const writes = (id: string) =>
    [
      [`/groups/${id}`, 'PATCH', { description: 'Changed' }],
      [`/groups/${id}/members/$ref`, 'POST', link(grace)],
      [`/groups/${id}/members/${grace}/$ref`, 'DELETE', undefined],
      [`/groups/${id}/owners/$ref`, 'POST', link(grace)],
      [`/groups/${id}`, 'DELETE', undefined],
    ] as const
  for (const [path, method, body] of writes(own.id)) {
    const answer = await uma(path, { method, ...(body === undefined ? {} : { body }) })
    assert.equal(answer.status, 204, `${method} ${path}: ${answer.text}`)
  }
  for (const [path, method, body] of writes(other.id))
    assertError(
      await uma(path, { method, ...(body === undefined ? {} : { body }) }),
      403,
      'Authorization_RequestDenied',
    )
})
