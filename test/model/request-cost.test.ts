import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { costOf, sumOf } from '#model/request-cost.ts'

const ID = '00000000-0000-4000-8000-000000000001'
const cost = (method: string, path: string) => costOf(method, new URL(`https://graph.microsoft.com/v1.0${path}`))
const units = (path: string, method = 'GET') => cost(method, path).units

/** Microsoft's table, and what it says of options. @see https://learn.microsoft.com/graph/throttling-limits */
const TABLE: readonly [method: string, path: string, units: number, writes: number][] = [
  ['GET', '/applications', 2, 0],
  ['GET', `/applications/${ID}`, 1, 0],
  ['GET', `/applications/${ID}/extensionProperties`, 2, 0],
  ['GET', `/applications(appId='${ID}')/extensionProperties`, 2, 0],
  ['GET', '/users', 2, 0],
  ['GET', `/users/${ID}`, 1, 0],
  ['GET', '/users/delta', 1, 0],
  ['GET', `/groups/${ID}/members`, 3, 0],
  ['GET', `/groups/${ID}/members/microsoft.graph.user`, 3, 0],
  ['GET', `/groups/${ID}/transitiveMembers`, 5, 0],
  ['GET', '/contracts', 3, 0],
  ['GET', '/subscribedSkus', 3, 0],
  ['GET', '/domains/fabrikam.example/domainNameReferences', 4, 0],
  ['GET', '/oauth2PermissionGrants', 2, 0],
  ['GET', `/oauth2PermissionGrants/${ID}`, 2, 0],
  ['GET', `/servicePrincipals/${ID}/appRoleAssignments`, 2, 0],
  ['GET', `/servicePrincipals(appId='${ID}')/appRoleAssignments`, 2, 0],
  ['GET', '/me/memberOf', 2, 0],
  ['GET', `/users/${ID}/transitiveMemberOf`, 2, 0],
  ['GET', '/me/ownedObjects', 2, 0],
  ['GET', `/users/${ID}/licenseDetails`, 2, 0],
  ['POST', '/me/getMemberGroups', 2, 0],
  ['POST', `/users/${ID}/getMemberObjects`, 2, 0],
  ['POST', `/users/${ID}/checkMemberGroups`, 4, 0],
  ['POST', '/me/checkMemberObjects', 4, 0],
  ['POST', '/directoryObjects/getByIds', 5, 0],
  ['POST', '/directoryObjects/getByIds?$select=id', 2, 0],
  ['POST', '/users', 1, 1],
  ['PATCH', `/users/${ID}`, 1, 1],
  ['DELETE', `/groups/${ID}/members/${ID}/$ref`, 1, 1],
  ['GET', '/organization', 1, 0],
]

test('every request costs what Microsoft’s table says', () => {
  for (const [method, path, wanted, writes] of TABLE)
    assert.deepEqual(cost(method, path), { units: wanted, writes, requests: 1 }, `${method} ${path}`)
})

test('options make a request cheaper or dearer, and none costs less than one', () => {
  assert.equal(units('/users?$select=id'), 1)
  assert.equal(units('/users?$expand=manager'), 3)
  assert.equal(units('/users?$top=19'), 1)
  assert.equal(units('/users?$top=20'), 2)
  assert.equal(units('/users?$select=id&$top=5&$expand=manager'), 1)
  assert.equal(units('/groups/x/transitiveMembers?$select=id&$top=5'), 3)
  assert.equal(units('/organization?$select=id&$top=1'), 1)
})

test('Graph reads paths and options in any case, encoded or not', () => {
  assert.equal(units('/Users'), 2)
  assert.equal(units('/GROUPS/x/Members'), 3)
  assert.equal(units('/users?%24select=id'), 1)
  assert.equal(units('/users?$Select=id'), 1)
  assert.equal(units('/users?expand=manager'), 3)
})

test('whatever is asked, it costs something, and a batch costs what its items cost', () => {
  const paths = fc.webUrl({ withQueryParameters: true }).map((text) => new URL(text))
  const methods = fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE')
  fc.assert(
    fc.property(fc.array(fc.tuple(methods, paths), { maxLength: 20 }), (requests) => {
      const costs = requests.map(([method, url]) => costOf(method, url))
      for (const one of costs) assert.ok(one.units >= 1 && one.writes <= 1 && one.requests === 1)
      assert.equal(sumOf(costs).requests, requests.length)
      assert.ok(sumOf(costs).units >= requests.length)
    }),
    { numRuns: 20 },
  )
})
