import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { readChanges } from '#graph/changes.ts'
import { openGraph } from '#graph/open.ts'
import { BUILT_IN_RESOURCES } from '#model/built-in-resources.ts'
import { emulatorCloud } from '#model/cloud.ts'
import type { ResourceDefinition } from '#model/resource.ts'
import { openOutbound } from '#outbound/open.ts'
import { openHost } from '#test/outbound/support/open-host.ts'
import { silentLog } from '#test/support/backends.ts'
import { madeUp } from '#test/support/made-up.ts'
import { refusedWith } from '#test/support/problem.ts'

let answer = ''
const host = await openHost({ after }, { answer: (_request, response) => void response.end(answer) })
const outbound = openOutbound({ origins: [host.origin], ca: host.ca, log: silentLog })
after(() => outbound.close())
const graph = openGraph({
  cloud: emulatorCloud(host.origin, host.origin),
  outbound,
  clock: systemClock,
  log: silentLog,
  tenantId: madeUp.tenantId(),
  token: async () => 'token',
  priority: 'low',
})
const [users, groups] = (['user', 'group'] as const).map((kind) =>
  BUILT_IN_RESOURCES.find((one) => one.kind === kind),
) as [ResourceDefinition, ResourceDefinition]
const deltaLink = { '@odata.deltaLink': `${host.origin}/v1.0/users/delta?$deltatoken=1` }
const read = async (definition: ResourceDefinition, value: unknown, links: object = deltaLink) => {
  answer = JSON.stringify({ ...links, value })
  return (await readChanges(graph, definition, { link: null, signal: new AbortController().signal })).changes()
}
/** The page as the reader sees it that may let it pass as it came. */
const readToPass = (text: string) => {
  answer = text
  return readChanges(graph, users, { link: null, signal: new AbortController().signal, mayPass: true })
}
const objectsOf = ({ changed }: { changed: { json: string } }) => (JSON.parse(changed.json) as { value: unknown }).value

test('a page of nothing but objects goes on as the text that came', async () => {
  const [ada, bob] = [madeUp.objectId(), madeUp.objectId()]
  const { changed, removed } = await read(users, [{ id: ada, displayName: 'Ada' }, { id: bob }])
  assert.deepEqual([changed.ids, changed.json, removed], [[ada, bob], answer, []])
})

test('T14 a directory that says it is another tenant’s is not read', async () => {
  const organization = BUILT_IN_RESOURCES.find(({ kind }) => kind === 'organization') as ResourceDefinition
  const own = await read(organization, [{ id: graph.tenantId.toUpperCase(), displayName: 'Fabrikam' }], {})
  assert.deepEqual(own.changed.ids.map(String), [graph.tenantId])
  const other = [{ id: madeUp.tenantId(), displayName: 'Contoso' }]
  const { owner, retry } = await refusedWith('TOKEN_OF_OTHER_TENANT', () => read(organization, other, {}))
  assert.deepEqual([owner, retry], ['operator', 'never'])
})

test('G09 of an object that stands twice on a page the later one counts, also when it is gone or back', async () => {
  const [ada, bob, cleo] = [madeUp.objectId(), madeUp.objectId(), madeUp.objectId()]
  const gone = { '@removed': { reason: 'changed' } }
  const page = await read(users, [
    { id: ada, displayName: 'Before' },
    { id: bob, displayName: 'Bob' },
    { id: cleo, ...gone },
    { id: ada.toUpperCase(), displayName: 'After' },
    { id: bob, ...gone },
    { id: cleo, displayName: 'Back' },
  ])
  assert.deepEqual([page.changed.ids, page.removed], [[ada, cleo], [bob]])
  assert.deepEqual(objectsOf(page), [
    { id: ada.toUpperCase(), displayName: 'After' },
    { id: cleo, displayName: 'Back' },
  ])
})

test('who came into a group or left it is told apart from what the group is', async () => {
  const [group, came, left] = [madeUp.objectId(), madeUp.objectId(), madeUp.objectId()]
  const page = await read(groups, [
    {
      id: group,
      displayName: 'All',
      'members@delta': [
        { '@odata.type': '#microsoft.graph.user', id: came },
        { id: left, '@removed': { reason: 'deleted' } },
      ],
    },
  ])
  assert.deepEqual(objectsOf(page), [{ id: group, displayName: 'All' }])
  assert.deepEqual(page.members, [
    { groupId: group, memberId: came, memberType: 'user', removed: false },
    { groupId: group, memberId: left, memberType: 'unknown', removed: true },
  ])
})

test('G06 what is no page of objects is refused whole', async () => {
  for (const value of [null, {}, 'x', [null], [1], [[]], [{}], [{ id: 7 }], [{ id: 'no guid' }]])
    await refusedWith('ANSWER_UNREADABLE', () => read(users, value))
  for (const links of [
    {},
    { '@odata.deltaLink': 7 },
    { ...deltaLink, '@odata.nextLink': deltaLink['@odata.deltaLink'] },
  ])
    await refusedWith('ANSWER_UNREADABLE', () => read(users, [], links))
})

test('a page that may pass goes on as the bytes that came, with its links, wherever they stand in it', async () => {
  const value = [{ id: madeUp.objectId(), displayName: 'Ada ] "value":[ “Ω”' }]
  for (const text of [JSON.stringify({ ...deltaLink, value }), JSON.stringify({ value, ...deltaLink })]) {
    const page = await readToPass(text)
    assert.equal(page.asItCame && Buffer.from(page.asItCame).toString(), text)
    assert.deepEqual([page.nextLink, page.deltaLink], [null, deltaLink['@odata.deltaLink']])
    assert.deepEqual(page.changes().changed.ids, [value[0]?.id])
  }
})

test('the memory of a large page is given back once it is stored, and never what others share', async () => {
  const value = Array.from({ length: 999 }, () => ({ id: madeUp.objectId(), displayName: 'Ada '.repeat(20) }))
  const large = await readToPass(JSON.stringify({ value, ...deltaLink }))
  assert.equal(large.changes().changed.ids.length, 999)
  large.free()
  assert.equal(large.asItCame?.byteLength, 0)
  const small = await readToPass(JSON.stringify({ value: value.slice(0, 1), ...deltaLink }))
  const neighbour = Buffer.from('in the same pool')
  small.free()
  assert.equal(neighbour.toString(), 'in the same pool')
  assert.notEqual(small.asItCame?.byteLength, 0)
})

test('what may not pass is taken apart all the same: something gone, members, an escape, an odd shape', async () => {
  const id = madeUp.objectId()
  const page = (value: string, more = '') =>
    `{"@odata.deltaLink":"${deltaLink['@odata.deltaLink']}","value":${value}${more}}`
  for (const text of [
    page(`[{"id":"${id}","@removed":{"reason":"deleted"}}]`),
    page(`[{"id":"${id}","members@delta":[]}]`),
    page(`[{"id":"${id}","displayName":"\\u0000"}]`),
    page(` [{"id":"${id}"}]`),
    `{"value":[{"id":"${id}"}],"@odata.deltaLink":"${deltaLink['@odata.deltaLink']}","more":[1]}`,
  ]) {
    const found = await readToPass(text)
    const { changed, removed } = found.changes()
    assert.deepEqual([found.asItCame, found.deltaLink], [null, deltaLink['@odata.deltaLink']], text)
    assert.deepEqual([...changed.ids, ...removed], [id], text)
  }
  await refusedWith('ANSWER_UNREADABLE', () => readToPass(page(`[{"id":"${id}"}`)))
  await refusedWith('ORIGIN_REFUSED', () =>
    readToPass(`{"value":[],"@odata.deltaLink":"https://elsewhere.example/v1.0/users"}`),
  )
})

test('members are those of groups: what another kind says of its own is neither one nor stored with it', async () => {
  const unit = { ...groups, kind: 'administrativeUnit', path: '/administrativeUnits/delta' }
  const [id, member] = [madeUp.objectId(), madeUp.objectId()]
  const value = [
    { id, displayName: 'North', 'members@delta': [{ '@odata.type': '#microsoft.graph.user', id: member }] },
  ]
  assert.equal((await read(groups, value)).members.length, 1)
  const page = await read(unit, value)
  assert.deepEqual([page.members, objectsOf(page)], [[], [{ id, displayName: 'North' }]])
})
