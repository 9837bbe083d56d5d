import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { asTenant } from '#store/database/open.ts'
import { countResources, countStored, listResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { handClock } from '#test/support/hand-clock.ts'
import { watchMicrosoft } from '#test/support/microsoft-gate.ts'
import { refusedWith } from '#test/support/problem.ts'

const signal = new AbortController().signal
const never = { signal }

const sync = async ({ tools }: Fleet, tenantId: TenantId) => {
  await syncTenant(tools, { tenantId, ...never })
  return asTenant(tools.store, tenantId, latestRun)
}
const users = ({ tools }: Fleet, tenantId: TenantId) =>
  asTenant(tools.store, tenantId, (handle) => listResources(handle, { kind: 'user', limit: 10_000 }))
const memberships = ({ tools }: Fleet, tenantId: TenantId) =>
  asTenant(tools.store, tenantId, (handle) => countStored(handle, 'memberships'))
const deltaRequests = ({ emulator }: Fleet) => emulator.requests.list({ path: '/delta' })

test('the first reading stores everything, the second asks only what has changed', async () => {
  await using fleet = await openFleet({ users: 1_200, groups: 30 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  const first = await sync(fleet, tenantId)
  assert.equal(first?.state, 'succeeded')
  const counts = await asTenant(fleet.tools.store, tenantId, countResources)
  assert.deepEqual([counts.user, counts.group], [1_200, 30])
  assert.ok((await memberships(fleet, tenantId)) > 0)

  fleet.emulator.requests.clear()
  const second = await sync(fleet, tenantId)
  assert.deepEqual([second?.state, second?.users, second?.groups, second?.removed], ['succeeded', 0, 0, 0])
  const asked = deltaRequests(fleet)
  assert.equal(asked.length, 2)
  assert.ok(asked.every(({ query }) => /deltatoken=/i.test(query)))
})

test('G09 a first reading that meets the same objects twice stores them once', async () => {
  await using fleet = await openFleet({ users: 1_200, groups: 0 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  const { mischief, origin } = fleet.emulator
  const again = `${origin}/v1.0/users/delta?$select=id,displayName`
  mischief.add({ at: 'graph', match: { path: '/v1.0/users/delta' }, times: 1, nextLink: again })
  const run = await sync(fleet, tenantId)
  assert.deepEqual([run?.state, run?.users], ['succeeded', 1_200 + 999])
  const stored = await users(fleet, tenantId)
  assert.equal(stored.length, 1_200)
  assert.ok(stored.every(({ properties }) => 'id' in properties && 'displayName' in properties))
})

test('G09 a first reading whose pages overlap stores everybody once', async () => {
  await using fleet = await openFleet({ users: 4_500, groups: 0 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  fleet.emulator.mischief.add({ word: 'graph.page=overlapping', match: { path: '/v1.0/users/delta' } })
  const run = await sync(fleet, tenantId)
  assert.deepEqual([run?.state, run?.users], ['succeeded', 4_500 + 4])
  assert.equal((await users(fleet, tenantId)).length, 4_500)
})

for (const [pages, length] of [
  ['a page that leads to itself is', 1],
  ['pages that lead in a circle are', 3],
] as const)
  test(`G09 ${pages} not followed round and round`, async () => {
    await using fleet = await openFleet({ users: 1_200, groups: 0 })
    const [tenantId] = fleet.tenantIds as [TenantId]
    const { mischief, origin } = fleet.emulator
    const links = ['id', 'id,displayName', 'id,mail'].map((select) => `${origin}/v1.0/users/delta?$select=${select}`)
    for (let asked = 1; asked <= 12; asked++)
      mischief.add({
        at: 'graph',
        match: { path: '/v1.0/users/delta' },
        nth: asked,
        times: 1,
        nextLink: links[asked % length] as string,
      })
    const { retry } = await refusedWith('SYNC_STATE_LOST', () => syncTenant(fleet.tools, { tenantId, ...never }))
    assert.equal(retry, 'backoff')
    const ahead = 8
    assert.ok(deltaRequests(fleet).length <= 1 + 3 * length + ahead)
  })

test('G09 a circle that takes many turns of the worker to go round in is noticed, and the next try begins anew', async () => {
  const clock = handClock(new Date())
  await using fleet = await openFleet({ users: 1_200, groups: 0, clock })
  const { emulator, tools } = fleet
  const [tenantId] = fleet.tenantIds as [TenantId]
  const circle = ['id', 'mail', 'displayName', 'id,mail', 'mail,id', 'id,displayName', 'displayName,id'].map(
    (select) => `${emulator.origin}/v1.0/users/delta?$select=${select}`,
  )
  for (let asked = 1; asked <= 100; asked++)
    emulator.mischief.add({
      at: 'graph',
      match: { path: '/v1.0/users/delta' },
      nth: asked,
      times: 1,
      nextLink: circle[asked % circle.length] as string,
    })
  // Each answer takes so long that a turn of the worker ends with it.
  using _slow = watchMicrosoft(
    emulator,
    (request) => {
      clock.pass(21_000)
      request.answer()
    },
    { largestPage: 999 },
  )
  const turn = () =>
    syncTenant(tools, { tenantId, ...never }).then(
      () => 'went on',
      (error: unknown) => diagnose(error).code,
    )
  let turns = 0
  for (let outcome = 'went on'; outcome === 'went on' && turns < 60; turns++) outcome = await turn()
  assert.ok(turns > circle.length && turns < 4 * circle.length, `it was noticed in turn ${turns}`)
  assert.equal((await asTenant(tools.store, tenantId, latestRun))?.state, 'failed')

  emulator.mischief.clear()
  for (let again = 0; again < 60 && (await asTenant(tools.store, tenantId, latestRun))?.state !== 'succeeded'; again++)
    assert.equal(await turn(), 'went on')
  const stored = await users(fleet, tenantId)
  assert.equal(stored.length, 1_200)
  assert.ok(
    stored.every(({ properties }) => 'userPrincipalName' in properties),
    'read from the beginning, not on from a link of the circle',
  )
})

test('who was renamed, came, went and came back is stored as the directory has it', async () => {
  await using fleet = await openFleet({ users: 20, groups: 3 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const [ada, bob, cleo] = await users(fleet, tenantId)
  assert.ok(ada && bob && cleo)
  await fleet.change(tenantId, 'PATCH', `/users/${ada.id}`, { displayName: 'Ada Renamed' })
  await fleet.change(tenantId, 'DELETE', `/users/${bob.id}`)
  await fleet.change(tenantId, 'DELETE', `/users/${cleo.id}`)
  await fleet.change(tenantId, 'POST', `/directory/deletedItems/${cleo.id}/restore`)
  const { id } = await fleet.change(tenantId, 'POST', '/users', {
    accountEnabled: true,
    displayName: 'Newcomer',
    mailNickname: 'newcomer',
    userPrincipalName: 'newcomer@tenant1.onmicrosoft.com',
    passwordProfile: { password: 'Passw0rd!' },
  })
  const run = await sync(fleet, tenantId)
  assert.deepEqual([run?.state, run?.removed], ['succeeded', 1])
  const after = new Map((await users(fleet, tenantId)).map((user) => [user.id as string, user]))
  assert.equal(after.size, 20)
  assert.equal(after.get(ada.id)?.displayName, 'Ada Renamed')
  assert.equal(after.get(ada.id)?.properties.userPrincipalName, ada.properties.userPrincipalName)
  assert.equal(after.has(bob.id), false)
  assert.deepEqual(after.get(cleo.id), cleo)
  assert.equal(after.get(String(id))?.displayName, 'Newcomer')
})

test('members who come and go are followed, and a deleted group takes its memberships along', async () => {
  await using fleet = await openFleet({ users: 12, groups: 2 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const members = () => memberships(fleet, tenantId)
  const people = await users(fleet, tenantId)
  const { id } = await fleet.change(tenantId, 'POST', '/groups', {
    displayName: 'New team',
    mailEnabled: false,
    mailNickname: 'new-team',
    securityEnabled: true,
  })
  const before = await members()
  const graphOrigin = 'https://graph.microsoft.com/v1.0'
  for (const person of people.slice(0, 5))
    await fleet.change(tenantId, 'POST', `/groups/${id}/members/$ref`, {
      '@odata.id': `${graphOrigin}/directoryObjects/${person.id}`,
    })
  await sync(fleet, tenantId)
  assert.equal(await members(), before + 5)
  await fleet.change(tenantId, 'DELETE', `/groups/${id}/members/${people[0]?.id}/$ref`)
  await sync(fleet, tenantId)
  assert.equal(await members(), before + 4)
  await fleet.change(tenantId, 'DELETE', `/groups/${id}`)
  await sync(fleet, tenantId)
  assert.equal(await members(), before)
})

test('when Graph has forgotten our place, everything is read anew once, and what is gone is removed', async () => {
  await using fleet = await openFleet({ users: 20, groups: 2 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const [ada] = await users(fleet, tenantId)
  assert.ok(ada)
  await fleet.change(tenantId, 'DELETE', `/users/${ada.id}`)
  fleet.emulator.mischief.once({
    at: 'graph',
    match: { path: '/users/delta' },
    answer: {
      status: 410,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error: { code: 'resyncRequired', message: 'Resync required.' } }),
    },
  })
  const run = await sync(fleet, tenantId)
  assert.deepEqual([run?.state, run?.users, run?.removed], ['succeeded', 19, 1])
  assert.equal((await users(fleet, tenantId)).length, 19)
})

/** What Graph tells when it is asked next what has changed, instead of what has. */
function tell({ emulator }: Fleet, path: string, pages: readonly (readonly object[])[]): void {
  const links = (index: number) =>
    index === pages.length - 1
      ? { '@odata.deltaLink': `${emulator.origin}/v1.0${path}?$deltatoken=made-up` }
      : { '@odata.nextLink': `${emulator.origin}/v1.0${path}?$skiptoken=made-up` }
  emulator.mischief.set(
    pages.map((value, index) => ({
      at: 'graph' as const,
      match: { path },
      nth: index + 1,
      times: 1,
      answer: {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ value, ...links(index) }),
      },
    })),
  )
}
const REMOVED = { '@removed': { reason: 'changed' } }

test('G09 a small tenant is not emptied either without anybody being asked', async () => {
  await using fleet = await openFleet({ users: 50, groups: 0 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const ids = (await users(fleet, tenantId)).map(({ id }) => id)
  const gone = ids.map((id) => ({ id, ...REMOVED }))
  tell(fleet, '/users/delta', [gone])
  await assert.rejects(sync(fleet, tenantId), { message: /would remove 50 of 50 stored objects of kind user/ })
  assert.equal((await users(fleet, tenantId)).length, 50)
  tell(fleet, '/users/delta', [gone.slice(0, 15)])
  assert.equal((await sync(fleet, tenantId))?.removed, 15, 'less than a third goes without a question')
})

test('G09 groups that lose a large share of their members at once are asked about; a group that goes takes its own along', async () => {
  await using fleet = await openFleet({ users: 60, groups: 6 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const links = await asTenant(fleet.tools.store, tenantId, async ({ db }) => {
    const { rows } = await sql<{ group_id: string; member_id: string }>`select * from tenantry.group_members`.execute(
      db,
    )
    return rows
  })
  const before = links.length
  const lost = links.map(({ group_id, member_id }) => ({
    id: group_id,
    'members@delta': [{ '@odata.type': '#microsoft.graph.user', id: member_id, ...REMOVED }],
  }))
  tell(fleet, '/groups/delta', [lost.slice(0, 10), lost.slice(10)])
  await assert.rejects(sync(fleet, tenantId), (error) => diagnose(error).code === 'REMOVAL_TOO_LARGE')
  assert.equal(await memberships(fleet, tenantId), before)
  // The round goes on where it stopped, and they are all back.
  const back = lost.map((group) => ({ ...group, 'members@delta': group['members@delta'].map(stays) }))
  tell(fleet, '/groups/delta', [back])
  await sync(fleet, tenantId)
  assert.equal(await memberships(fleet, tenantId), before)
  const largest = [...Map.groupBy(links, ({ group_id }) => group_id)].toSorted(([, a], [, b]) => b.length - a.length)
  const [groupId, members] = largest[0] ?? []
  tell(fleet, '/groups/delta', [[{ id: groupId, ...REMOVED }]])
  assert.equal((await sync(fleet, tenantId))?.removed, 1)
  assert.equal(await memberships(fleet, tenantId), before - (members?.length ?? 0))
})
const stays = ({ '@removed': _removed, ...member }: { '@removed': object }) => member

test('who goes and comes back within one round stays, and counts as nobody who went', async () => {
  await using fleet = await openFleet({ users: 20, groups: 0 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const people = await users(fleet, tenantId)
  tell(fleet, '/users/delta', [
    people.map(({ id }) => ({ id, ...REMOVED })),
    people.slice(1).map(({ properties }) => properties),
  ])
  const run = await sync(fleet, tenantId)
  assert.deepEqual([run?.state, run?.removed], ['succeeded', 1])
  assert.deepEqual(await users(fleet, tenantId), people.slice(1))
})

test('a name that the directory has cleared is cleared here, and one that it does not mention stays', async () => {
  await using fleet = await openFleet({ users: 2, groups: 0 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  await sync(fleet, tenantId)
  const [ada, bob] = await users(fleet, tenantId)
  tell(fleet, '/users/delta', [
    [
      { id: ada?.id, displayName: null },
      { id: bob?.id, jobTitle: 'Baker' },
    ],
  ])
  await sync(fleet, tenantId)
  const after = new Map((await users(fleet, tenantId)).map((user) => [user.id, user]))
  assert.ok(ada && bob)
  assert.deepEqual(after.get(ada.id), {
    ...ada,
    displayName: null,
    properties: { ...ada.properties, displayName: null },
  })
  assert.deepEqual(after.get(bob.id), { ...bob, properties: { ...bob.properties, jobTitle: 'Baker' } })
})
