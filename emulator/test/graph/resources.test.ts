import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import {
  asApp,
  assertError,
  CONTOSO,
  FABRIKAM,
  graphEstate,
  principalId,
  READER,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
for (const tenant of [FABRIKAM, CONTOSO])
  await emulator.directory.grantPermission({ tenant, app: READER, permission: 'Directory.Read.All' })
const ask = await asApp(emulator, READER)
const contoso = await asApp(emulator, READER, CONTOSO)
const writer = await asApp(emulator, WRITER)
const uma = (await ask('/users/uma@fabrikam.example')).body

const group = async (mailNickname: string, members: readonly string[]) => {
  const made = await writer('/groups', {
    body: {
      displayName: mailNickname,
      mailEnabled: false,
      mailNickname,
      securityEnabled: true,
      'members@odata.bind': members.map((id) => `${emulator.origin}/v1.0/directoryObjects/${id}`),
    },
  })
  assert.equal(made.status, 201, made.text)
  return String(made.body.id)
}
const ids = async (path: string) => {
  const answer = await ask(path)
  assert.equal(answer.status, 200, answer.text)
  return answer.body.value.map(({ id }: { id: string }) => id)
}

test('groups and service principals are members as users are, directly and through groups', async () => {
  const principal = await principalId(ask, READER)
  const inner = await group('inner', [uma.id, principal])
  const outer = await group('outer', [inner])
  assert.deepEqual(await ids(`/groups/${inner}/memberOf`), [outer])
  assert.deepEqual(await ids(`/servicePrincipals/${principal}/memberOf?$select=id`), [inner])
  assert.deepEqual(await ids(`/servicePrincipals/${principal}/transitiveMemberOf/microsoft.graph.group`), [
    inner,
    outer,
  ])
  for (const path of [`groups/${inner}`, `servicePrincipals/${principal}`, `directoryObjects/${inner}`]) {
    const { body } = await ask(`/${path}/getMemberGroups`, { body: { securityEnabledOnly: true } })
    assert.ok(body.value.includes(outer), path)
    const checked = await ask(`/${path}/checkMemberGroups`, { body: { groupIds: [outer, uma.id] } })
    assert.deepEqual(checked.body.value, [outer], path)
    assert.deepEqual((await ask(`/${path}/checkMemberObjects`, { body: { ids: [outer] } })).body.value, [outer], path)
  }
  assertError(await ask('/directoryObjects/none/getMemberGroups', { body: {} }), 404, 'Request_ResourceNotFound')
})

test('a domain knows who is named after it, and a tenant who has no customers has no contracts', async () => {
  const { body } = await ask('/domains/fabrikam.example/domainNameReferences?$top=999&$select=id')
  assert.equal(body.value.length, 999)
  assert.equal(body.value[0]['@odata.type'], '#microsoft.graph.user')
  assert.ok(body['@odata.nextLink'])
  assertError(await ask('/domains/contoso.example/domainNameReferences'), 404, 'Request_ResourceNotFound')
  assert.deepEqual((await ask('/contracts')).body.value, [])
})

test('licences are what the tenant has: with a premium tenant a P1 too', async () => {
  const parts = async (client: typeof ask, path: string) =>
    (await client(path)).body.value.map(({ skuPartNumber }: { skuPartNumber: string }) => skuPartNumber)
  assert.deepEqual(await parts(ask, '/subscribedSkus'), ['ENTERPRISEPACK', 'AAD_PREMIUM'])
  assert.deepEqual(await parts(ask, `/users/${uma.id}/licenseDetails`), ['ENTERPRISEPACK', 'AAD_PREMIUM'])
  assert.deepEqual(await parts(contoso, '/subscribedSkus'), ['ENTERPRISEPACK'])
})

test('a service principal is told what is its own, and nothing that would be forgotten', async () => {
  const { body: app } = await writer('/applications', { body: { displayName: 'A', signInAudience: 'AzureADMyOrg' } })
  const { body: made } = await writer('/servicePrincipals', { body: { appId: app.appId, tags: [] } })
  const change = (body: object) => writer(`/servicePrincipals/${made.id}`, { method: 'PATCH', body })
  assert.equal((await change({ appRoleAssignmentRequired: true })).status, 204)
  assertError(await change({ notes: 'mine' }), 501, 'NotImplemented', /notes/)
  assertError(await change({ shoeSize: 43 }), 400, 'Request_BadRequest', /shoeSize/)
  assertError(await change({ accountEnabled: 'no' }), 400, 'Request_BadRequest')
})

test('one relationship can be expanded, not two', async () => {
  const team = await group('team', [uma.id])
  const link = { '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${uma.id}` }
  assert.deepEqual((await ask(`/groups?$filter=id eq '${team}'&$expand=owners`)).body.value[0].owners, [])
  await writer(`/groups/${team}/owners/$ref`, { body: link })
  const owned = (await ask(`/groups?$filter=id eq '${team}'&$expand=owners($select=id)`)).body.value[0].owners
  assert.deepEqual(owned, [{ '@odata.type': '#microsoft.graph.user', id: uma.id }])
  const { body: person } = await ask(`/users/${uma.id}?$select=id&$expand=memberOf($select=id)`)
  assert.ok(person.memberOf.some(({ id }: { id: string }) => id === team))
  for (const set of ['applications', 'servicePrincipals'])
    assert.equal((await ask(`/${set}?$expand=owners&$top=1`)).status, 200, set)
  assertError(await ask('/groups?$expand=members,owners'), 400, 'Request_UnsupportedQuery')
})
