import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { round } from '#emulator/test/graph/delta-round.ts'
import {
  type Ask,
  asApp,
  assertError,
  FABRIKAM,
  graphEstate,
  MICROSOFT_GRAPH,
  principalId,
  READER,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const writer = await asApp(emulator, WRITER)
const ask = await asApp(emulator, READER)
const uma = (await ask('/users/uma@fabrikam.example')).body
const change = (body: object) => writer(`/users/${uma.id}`, { method: 'PATCH', body })

test('properties that were never set stay away; one that was emptied comes as null', async () => {
  const first = await round(ask, '/users/delta?$select=displayName,jobTitle,mobilePhone')
  const before = first.items.find(({ id }) => id === uma.id)
  assert.deepEqual(Object.keys(before).sort(), ['displayName', 'id'], 'uma has neither a job nor a phone')
  await change({ jobTitle: 'Pilot' })
  const second = await round(ask, first.deltaLink)
  assert.deepEqual(second.items, [{ displayName: uma.displayName, jobTitle: 'Pilot', id: uma.id }])
  await change({ jobTitle: null })
  const third = await round(ask, second.deltaLink)
  assert.deepEqual(third.items, [{ displayName: uma.displayName, jobTitle: null, id: uma.id }])
})

test('Prefer: return=minimal brings what changed and no more', async () => {
  const first = await round(ask, '/users/delta?$select=displayName,jobTitle,mobilePhone')
  await change({ jobTitle: 'Pilot' })
  await change({ mobilePhone: '+47 1' })
  const minimal = await round(ask, first.deltaLink, { prefer: 'return=minimal' })
  assert.deepEqual(minimal.items, [{ jobTitle: 'Pilot', mobilePhone: '+47 1', id: uma.id }])
  const full = await round(ask, first.deltaLink)
  assert.deepEqual(full.items, [{ displayName: uma.displayName, jobTitle: 'Pilot', mobilePhone: '+47 1', id: uma.id }])
})

test('a change of what was not selected is not told', async () => {
  const { deltaLink } = await round(ask, '/users/delta?$select=displayName')
  await change({ jobTitle: 'Pilot', department: 'Air' })
  assert.deepEqual((await round(ask, deltaLink)).items, [])
  const { body: groups } = await ask('/groups?$top=1')
  const [group] = groups.value
  const names = await round(ask, '/groups/delta?$select=displayName')
  const link = { '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${uma.id}` }
  await writer(`/groups/${group.id}/members/$ref`, { body: link })
  assert.deepEqual((await round(ask, names.deltaLink)).items, [], 'members were not selected')
  await writer(`/groups/${group.id}`, { method: 'PATCH', body: { displayName: 'Renamed' } })
  assert.deepEqual((await round(ask, names.deltaLink)).items, [{ displayName: 'Renamed', id: group.id }])
})

test('applications, directory roles and permission grants are followed as well', async () => {
  const apps = await round(ask, '/applications/delta?$select=displayName')
  const { body: app } = await writer('/applications', { body: { displayName: 'A', signInAudience: 'AzureADMyOrg' } })
  await writer(`/applications/${app.id}`, { method: 'PATCH', body: { displayName: 'B' } })
  const later = await round(ask, apps.deltaLink)
  assert.deepEqual(later.items, [{ displayName: 'B', id: app.id }])
  await writer(`/applications/${app.id}`, { method: 'DELETE' })
  assert.deepEqual((await round(ask, later.deltaLink)).items, [{ id: app.id, '@removed': { reason: 'changed' } }])

  const roles = await round(writer, '/directoryRoles/delta')
  const global = roles.items.find(({ displayName }) => displayName === 'Global Administrator')
  assert.equal(global['members@delta'].length, 1)
  await emulator.directory.setDirectoryRoles({
    tenant: FABRIKAM,
    user: 'uma@fabrikam.example',
    roles: ['Global Administrator'],
  })
  const [changed] = (await round(writer, roles.deltaLink)).items
  assert.deepEqual(changed['members@delta'], [{ '@odata.type': '#microsoft.graph.user', id: uma.id }])
  assert.equal(changed.id, global.id)

  const grants = await round(writer, '/oauth2PermissionGrants/delta')
  assert.ok(grants.items.length > 0)
  const { body: grant } = await writer('/oauth2PermissionGrants', {
    body: {
      clientId: await principalId(ask, READER),
      resourceId: await principalId(ask, MICROSOFT_GRAPH),
      consentType: 'AllPrincipals',
      scope: 'User.Read',
    },
  })
  const second = await round(writer, grants.deltaLink)
  assert.deepEqual(
    second.items.map(({ id, scope }) => [id, scope]),
    [[grant.id, 'User.Read']],
  )
  await writer(`/oauth2PermissionGrants/${grant.id}`, { method: 'PATCH', body: { scope: 'User.Read email' } })
  assert.equal((await round(writer, second.deltaLink)).items[0].scope, 'User.Read email')
  await writer(`/oauth2PermissionGrants/${grant.id}`, { method: 'DELETE' })
  assert.deepEqual((await round(writer, second.deltaLink)).items, [{ id: grant.id, '@removed': { reason: 'deleted' } }])
})

test('directory objects are followed under one roof, chosen by type or id', async () => {
  const path = "/directoryObjects/delta?$filter=isof('microsoft.graph.user') or isof('microsoft.graph.group')"
  const first = await round(ask, path, { prefer: 'odata.maxpagesize=999' })
  const types = new Set(first.items.map((item) => item['@odata.type']))
  assert.deepEqual(types, new Set(['#microsoft.graph.user', '#microsoft.graph.group']))
  assert.equal(first.items.length, 1_217)
  await change({ jobTitle: 'Pilot' })
  await writer('/applications', { body: { displayName: 'A', signInAudience: 'AzureADMyOrg' } })
  const second = await round(ask, first.deltaLink, { prefer: 'return=minimal' })
  assert.deepEqual(second.items, [{ '@odata.type': '#microsoft.graph.user', jobTitle: 'Pilot', id: uma.id }])
  const one = await round(ask, `/directoryObjects/delta?$filter=id eq '${uma.id}'`)
  assert.deepEqual(
    one.items.map(({ id }) => id),
    [uma.id],
  )
  assertError(
    await ask("/directoryObjects/delta?$filter=isof('microsoft.graph.directoryRole')"),
    403,
    'Authorization_RequestDenied',
  )
  assertError(await ask("/users/delta?$filter=isof('microsoft.graph.user')"), 400, 'Request_UnsupportedQuery')
})

test('a group with many members comes several times, with some of them each time', async () => {
  const { body: users } = await ask('/users?$select=id&$top=450')
  const { body: team } = await writer('/groups', {
    body: { displayName: 'Many', mailEnabled: false, mailNickname: 'many', securityEnabled: true },
  })
  const first = await round(ask, `/groups/delta?$select=displayName,members&$filter=id eq '${team.id}'`)
  const links = users.value.map(({ id }: { id: string }) => `${emulator.origin}/v1.0/directoryObjects/${id}`)
  for (let from = 0; from < links.length; from += 20)
    await writer(`/groups/${team.id}`, {
      method: 'PATCH',
      body: { 'members@odata.bind': links.slice(from, from + 20) },
    })
  for (const path of [first.deltaLink, `/groups/delta?$select=displayName,members&$filter=id eq '${team.id}'`]) {
    const { items } = await round(ask, path)
    assert.deepEqual(
      items.map((item) => item['members@delta'].length),
      [200, 200, 50],
    )
    const ids = items.flatMap((item) => item['members@delta'].map(({ id }: { id: string }) => id))
    assert.deepEqual(new Set(ids), new Set(users.value.map(({ id }: { id: string }) => id)))
  }
})

test('a change that the replica has not heard of comes in a later round, and is not lost', async () => {
  const first = await round(ask, '/users/delta?$select=jobTitle')
  emulator.lag.set({ deltaReads: 2 })
  await change({ jobTitle: 'Pilot' })
  let { deltaLink } = first
  const told: string[][] = []
  for (let index = 0; index < 4; index++) {
    const next = await round(ask, deltaLink)
    told.push(next.items.map(({ jobTitle }) => jobTitle))
    deltaLink = next.deltaLink
  }
  assert.deepEqual(told, [[], [], ['Pilot'], []])
})

test('members who came and went while the replica was behind all come in a later round', async () => {
  const { body: team } = await writer('/groups', {
    body: { displayName: 'Crew', mailEnabled: false, mailNickname: 'crew', securityEnabled: true },
  })
  const path = `/groups/delta?$select=displayName,members&$filter=id eq '${team.id}'`
  const { body: users } = await ask('/users?$top=3&$select=id')
  const [ada, bob, cleo] = users.value.map(({ id }: { id: string }) => id)
  const come = (id: string) =>
    writer(`/groups/${team.id}/members/$ref`, {
      body: { '@odata.id': `${emulator.origin}/v1.0/directoryObjects/${id}` },
    })
  await come(ada)
  const first = await round(ask, path)
  emulator.lag.set({ deltaReads: 1 })
  await writer(`/groups/${team.id}/members/${ada}/$ref`, { method: 'DELETE' })
  await come(bob)
  await come(cleo)
  const second = await round(ask, first.deltaLink)
  assert.deepEqual(second.items, [])
  const { items } = await round(ask, second.deltaLink)
  const moves = items.flatMap((item) => item['members@delta'] ?? [])
  assert.deepEqual(
    new Map(moves.map((move) => [move.id, '@removed' in move])),
    new Map([
      [ada, true],
      [bob, false],
      [cleo, false],
    ]),
  )
})

test('of what is kept back the earliest decides where the next round begins, however often it changed since', async () => {
  const first = await round(ask, '/users/delta?$select=jobTitle')
  const { body: grace } = await ask('/users/grace@fabrikam.example')
  emulator.lag.set({ deltaReads: 1 })
  await change({ jobTitle: 'Pilot' })
  await writer(`/users/${grace.id}`, { method: 'PATCH', body: { jobTitle: 'Cook' } })
  await change({ department: 'Air' })
  const second = await round(ask, first.deltaLink)
  assert.deepEqual(second.items, [])
  const { items } = await round(ask, second.deltaLink)
  assert.deepEqual(
    new Map(items.map(({ id, jobTitle }) => [id, jobTitle])),
    new Map([
      [grace.id, 'Cook'],
      [uma.id, 'Pilot'],
    ]),
  )
})

test('what a group hides of its members takes Member.Read.Hidden to see', async () => {
  const { body: team } = await writer('/groups', {
    body: {
      displayName: 'Secret',
      mailEnabled: true,
      mailNickname: 'secret',
      securityEnabled: false,
      groupTypes: ['Unified'],
      visibility: 'HiddenMembership',
      'members@odata.bind': [`${emulator.origin}/v1.0/directoryObjects/${uma.id}`],
    },
  })
  const path = `/groups/${team.id}/members`
  assertError(await ask(path), 403, 'Authorization_RequestDenied')
  assert.deepEqual((await ask(`/groups/${team.id}?$expand=members`)).body.members, [])
  const of = `/users/${uma.id}/memberOf`
  const groups = async (client: Ask) => (await client(of)).body.value.map(({ id }: { id: string }) => id)
  assert.ok(!(await groups(ask)).includes(team.id))
  const delta = `/groups/delta?$filter=id eq '${team.id}'`
  assert.equal((await round(ask, delta)).items[0]['members@delta'], undefined)
  await emulator.directory.grantPermission({ tenant: FABRIKAM, app: READER, permission: 'Member.Read.Hidden' })
  const seeing = await asApp(emulator, READER)
  assert.equal((await seeing(path)).body.value.length, 1)
  assert.ok((await groups(seeing)).includes(team.id))
  assert.equal((await round(seeing, delta)).items[0]['members@delta'].length, 1)
})
