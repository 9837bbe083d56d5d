import assert from 'node:assert/strict'
import { test } from 'node:test'
import { syncTenant } from '#flows/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/open.ts'
import { countMembers, countResources, listResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'

const signal = new AbortController().signal
const never = { signal }

const sync = async ({ tools }: Fleet, tenantId: TenantId) => {
  await syncTenant(tools, { tenantId, ...never })
  return asTenant(tools.store, tenantId, latestRun)
}
const users = ({ tools }: Fleet, tenantId: TenantId) =>
  asTenant(tools.store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: 10_000 }))
const deltaRequests = ({ emulator }: Fleet) => emulator.requests.list({ path: '/delta' })

test('the first reading stores everything, the second asks only what has changed', async () => {
  await using fleet = await openFleet({ users: 1_200, groups: 30 })
  const [tenantId] = fleet.tenantIds as [TenantId]
  const first = await sync(fleet, tenantId)
  assert.equal(first?.state, 'succeeded')
  const counts = await asTenant(fleet.tools.store, tenantId, countResources)
  assert.deepEqual([counts.user, counts.group], [1_200, 30])
  assert.ok((await asTenant(fleet.tools.store, tenantId, countMembers)) > 0)

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
  const members = () => asTenant(fleet.tools.store, tenantId, countMembers)
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
