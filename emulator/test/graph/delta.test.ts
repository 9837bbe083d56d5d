import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { round } from '#emulator/test/graph/delta-round.ts'
import {
  asApp,
  assertError,
  CONTOSO,
  FABRIKAM,
  graphEstate,
  READER,
  STRANGER,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const writer = await asApp(emulator, WRITER)
const ask = await asApp(emulator, READER)
const link = (id: string) => `${emulator.origin}/v1.0/directoryObjects/${id}`

test('the first round enumerates all; the next says what came, changed and went, and then nothing', async () => {
  const first = await round(ask, '/users/delta?$select=displayName', { prefer: 'odata.maxpagesize=500' })
  assert.equal(first.pages, 3)
  assert.equal(first.items.length, 1_205)
  assert.deepEqual(Object.keys(first.items[0]).sort(), ['displayName', 'id'])
  const { body: made } = await writer('/users', {
    body: {
      accountEnabled: true,
      displayName: 'New',
      mailNickname: 'new',
      userPrincipalName: 'new@fabrikam.example',
      passwordProfile: { password: 'Passw0rd!' },
    },
  })
  const [renamed, gone] = [first.items[3].id, first.items[4].id]
  await writer(`/users/${renamed}`, { method: 'PATCH', body: { displayName: 'Renamed' } })
  await writer(`/users/${gone}`, { method: 'DELETE' })
  const second = await round(ask, first.deltaLink)
  assert.deepEqual(second.items, [
    { displayName: 'New', id: made.id },
    { displayName: 'Renamed', id: renamed },
    { id: gone, '@removed': { reason: 'changed' } },
  ])
  assert.deepEqual((await round(ask, second.deltaLink)).items, [])
  assert.deepEqual((await round(ask, first.deltaLink)).items, second.items, 'an old link can be asked again')
})

test('what changes while the pages are turned comes with the delta link', async () => {
  const { body: page } = await ask('/users/delta')
  const [early] = page.value
  await writer(`/users/${early.id}`, { method: 'PATCH', body: { displayName: 'Changed behind' } })
  const rest = await round(ask, page['@odata.nextLink'])
  const next = await round(ask, rest.deltaLink)
  assert.deepEqual(
    next.items.map(({ id, displayName }) => [id, displayName]),
    [[early.id, 'Changed behind']],
  )
})

test('a round of changes comes in pages of the size that was asked for', async () => {
  const { deltaLink } = await round(ask, '/users/delta?$deltatoken=latest')
  const { body } = await ask('/users?$top=7&$select=id')
  for (const { id } of body.value) await writer(`/users/${id}`, { method: 'PATCH', body: { jobTitle: 'Pilot' } })
  const { items, pages } = await round(ask, deltaLink, { prefer: 'odata.maxpagesize=3' })
  assert.equal(pages, 3)
  assert.deepEqual(
    items.map(({ id }) => id),
    body.value.map(({ id }: { id: string }) => id),
  )
})

test('latest begins now, and both spellings are understood', async () => {
  for (const path of [
    '/users/delta?$deltatoken=latest',
    '/users/microsoft.graph.delta()?$deltaToken=latest',
    '/users/delta()?$deltatoken=latest',
  ]) {
    const { body } = await ask(path)
    assert.deepEqual(body.value, [], path)
    assert.ok(body['@odata.deltaLink'], path)
  }
})

test('members who come and go stand in the group’s change', async () => {
  const first = await round(ask, '/groups/delta?$select=displayName,members')
  assert.equal(first.items.length, 12)
  const [group] = first.items
  assert.ok(group['members@delta'].length > 0)
  const leaving = group['members@delta'][0].id
  const { body: uma } = await ask('/users/uma@fabrikam.example')
  await writer(`/groups/${group.id}/members/$ref`, { body: { '@odata.id': link(uma.id) } })
  await writer(`/groups/${group.id}/members/${leaving}/$ref`, { method: 'DELETE' })
  const second = await round(ask, first.deltaLink)
  assert.deepEqual(second.items, [
    {
      displayName: group.displayName,
      id: group.id,
      'members@delta': [
        { '@odata.type': '#microsoft.graph.user', id: uma.id },
        { '@odata.type': '#microsoft.graph.user', id: leaving, '@removed': { reason: 'deleted' } },
      ],
    },
  ])
  await emulator.directory.deleteUser({ tenant: FABRIKAM, user: uma.id })
  const third = await round(ask, second.deltaLink)
  assert.deepEqual(third.items.find(({ id }) => id === group.id)['members@delta'], [
    { '@odata.type': '#microsoft.graph.user', id: uma.id, '@removed': { reason: 'deleted' } },
  ])
})

test('service principals are followed as well', async () => {
  const first = await round(ask, '/servicePrincipals/delta?$select=appId')
  const { body: made } = await writer('/servicePrincipals', { body: { appId: STRANGER } })
  const second = await round(ask, first.deltaLink)
  assert.deepEqual(second.items, [{ appId: STRANGER, id: made.id }])
  await writer(`/servicePrincipals/${made.id}`, { method: 'DELETE' })
  assert.deepEqual((await round(ask, second.deltaLink)).items, [{ id: made.id, '@removed': { reason: 'changed' } }])
})

test('only the named objects are followed when a filter names them', async () => {
  const { body } = await ask('/users?$top=3&$select=id')
  const [one, two, three] = body.value.map(({ id }: { id: string }) => id)
  const first = await round(ask, `/users/delta?$select=displayName&$filter=id eq '${one}' or id eq '${two}'`)
  assert.deepEqual(
    first.items.map(({ id }) => id),
    [one, two],
  )
  for (const id of [three, two]) await writer(`/users/${id}`, { method: 'PATCH', body: { displayName: 'X' } })
  assert.deepEqual((await round(ask, first.deltaLink)).items, [{ displayName: 'X', id: two }])
  assertError(await ask("/users/delta?$filter=displayName eq 'X'"), 400, 'Request_UnsupportedQuery')
  assertError(await ask('/users/delta?$top=5'), 400, 'Request_UnsupportedQuery')
})

test('a link that is too old, or of another world, leads back to the beginning with 410', async () => {
  const { deltaLink } = await round(ask, '/users/delta?$deltatoken=latest')
  emulator.clock.advance({ days: 6 })
  assert.equal((await (await asApp(emulator, READER))(deltaLink)).status, 200)
  emulator.clock.advance({ days: 1 })
  const late = await (await asApp(emulator, READER))(deltaLink)
  assertError(late, 410, 'syncStateNotFound')
  assert.equal(late.headers.get('location'), `${emulator.origin}/v1.0/users/delta?$deltatoken=`)
  emulator.reset()
  const other = await ask(deltaLink)
  assertError(other, 410, 'resyncRequired')
  assert.equal((await round(ask, other.headers.get('location') ?? '')).items.length, 1_205)
})

test('a delta link is good for its own tenant and collection only', async () => {
  const { deltaLink } = await round(ask, '/users/delta?$deltatoken=latest')
  const contoso = await asApp(emulator, READER, CONTOSO)
  assertError(await contoso(deltaLink), 400, 'BadRequest')
  assertError(await ask(deltaLink.replace('/users/', '/groups/')), 400, 'BadRequest')
  assertError(await ask('/users/delta?$deltatoken=made-up'), 400, 'BadRequest')
})

test('what was deleted can be restored for thirty days, or purged', async () => {
  const { deltaLink } = await round(ask, '/users/delta?$select=id&$deltatoken=latest')
  const { body: uma } = await ask('/users/uma@fabrikam.example')
  await writer(`/users/${uma.id}`, { method: 'DELETE' })
  assert.equal((await writer('/directory/deletedItems/microsoft.graph.user')).body.value[0].id, uma.id)
  assert.equal((await writer(`/directory/deletedItems/${uma.id}/restore`, { method: 'POST' })).status, 200)
  assert.equal((await ask('/users/uma@fabrikam.example')).body.id, uma.id)
  assert.deepEqual((await round(ask, deltaLink)).items, [{ id: uma.id }])
  await writer(`/users/${uma.id}`, { method: 'DELETE' })
  assert.equal((await writer(`/directory/deletedItems/${uma.id}`, { method: 'DELETE' })).status, 204)
  assert.deepEqual((await round(ask, deltaLink)).items, [{ id: uma.id, '@removed': { reason: 'deleted' } }])
  assertError(
    await writer(`/directory/deletedItems/${uma.id}/restore`, { method: 'POST' }),
    404,
    'Request_ResourceNotFound',
  )
})
