import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { openClock } from '#emulator/clock.ts'
import { startEmulator } from '#emulator/index.ts'
import { asApp, assertError, CONTOSO, FABRIKAM, graphEstate, READER, WRITER } from '#emulator/test/graph/support.ts'
import { openThrottle } from '#emulator/throttle.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
// Buckets leak by the clock: it stands still, so that what a test may ask does not depend on how long asking takes.
beforeEach(() => {
  emulator.reset()
  emulator.clock.stop()
})
/** Fabrikam is large (8,000 units in ten seconds), Contoso of middle size (5,000). */
const ask = await asApp(emulator, READER)
const contoso = await asApp(emulator, READER, CONTOSO)

async function untilRefused(again = () => ask('/users')) {
  for (let tries = 0; tries < 50; tries++) {
    const answer = await again()
    if (answer.status === 429) return answer
  }
  assert.fail('never refused')
}

test('every request says what it costs, throttled or not', async () => {
  const { body } = await ask('/groups?$top=1')
  const group = `/groups/${body.value[0].id}`
  const graph = (await ask("/servicePrincipals?$filter=displayName eq 'Microsoft Graph'")).body.value[0].id
  const cases: [string, string][] = [
    ['/users', '2'],
    ['/users?$select=id', '1'],
    ['/users?$top=5', '1'],
    ['/groups', '1'],
    ['/groups?$expand=members', '2'],
    [`${group}/members`, '3'],
    [`${group}/members?$select=id`, '2'],
    [`${group}/members?$select=id&$top=5`, '1'],
    [`${group}/transitiveMembers`, '5'],
    [`/servicePrincipals/${graph}/appRoleAssignments`, '2'],
    ['/applications', '2'],
    ['/users/none@fabrikam.example', '1'],
    ['/contracts', '3'],
    ['/subscribedSkus', '3'],
    ['/domains/fabrikam.example/domainNameReferences', '4'],
    ['/oauth2PermissionGrants', '2'],
    ['/oauth2PermissionGrants/none', '2'],
    ...['memberOf', 'transitiveMemberOf', 'ownedObjects', 'licenseDetails'].map((of): [string, string] => [
      `/users/none/${of}`,
      '2',
    ]),
    [`${group}/memberOf`, '1'],
  ]
  for (const [path, units] of cases) assert.equal((await ask(path)).headers.get('x-ms-resource-unit'), units, path)
  const many = (select: string) => ask(`/directoryObjects/getByIds${select}`, { body: { ids: [graph] } })
  assert.equal((await many('')).headers.get('x-ms-resource-unit'), '5')
  assert.equal((await many('?$select=id')).headers.get('x-ms-resource-unit'), '2')
  for (const [name, units] of [
    ['getMemberGroups', '2'],
    ['getMemberObjects', '2'],
    ['checkMemberGroups', '4'],
    ['checkMemberObjects', '4'],
  ])
    assert.equal((await ask(`/users/none/${name}`, { body: {} })).headers.get('x-ms-resource-unit'), units, name)
})

test('beyond the limit of application and tenant comes 429, until the bucket has room again', async () => {
  emulator.throttle.set({ limitScale: 0.001 })
  const shares: (string | null)[] = []
  for (let index = 0; index < 4; index++) {
    const { status, headers } = await ask('/users')
    assert.equal(status, 200)
    shares.push(headers.get('x-ms-throttle-limit-percentage'))
  }
  assert.deepEqual(shares, [null, null, null, '1.00'], 'nothing is said up to 6 of 8 units')
  const refused = await untilRefused()
  assertError(refused, 429, 'TooManyRequests', /^Please retry again later\.$/)
  assert.equal(refused.body.error.innerError.code, '429')
  assert.equal(refused.body.error.innerError.status, '429')
  assert.equal(refused.headers.get('x-ms-throttle-scope'), `Tenant_Application/ReadWrite/${READER}/${FABRIKAM}`)
  assert.equal(refused.headers.get('x-ms-throttle-information'), 'ResourceUnitLimitExceeded')
  assert.match(refused.headers.get('x-ms-throttle-limit-percentage') ?? '', /^1\.[0-8]\d$/)
  const wait = Number(refused.headers.get('retry-after'))
  assert.ok(wait >= 1 && wait <= 8, `at most 6.4 units over, 0.8 units a second: ${wait}`)
  assert.equal((await contoso('/users')).status, 200, 'another tenant has a bucket of its own')
  assert.equal((await untilRefused()).headers.get('retry-after'), '8', 'without time nothing comes back')
  emulator.clock.advance({ seconds: 8 + 2 })
  const again = await ask('/users')
  assert.equal(again.status, 200)
  assert.equal(again.headers.get('x-ms-throttle-limit-percentage'), '1.00', '14 units, less 8, and 2 more')
})

test('refused requests count: who goes on at once waits longer', async () => {
  emulator.throttle.set({ limitScale: 0.001, refuses: 'all' })
  const waits: number[] = []
  await untilRefused()
  for (let index = 0; index < 4; index++) waits.push(Number((await ask('/users')).headers.get('retry-after')))
  // 12 units of 8 and 4 a request more, up to 14.4; 0.8 come back in a second.
  assert.deepEqual(waits, [5, 8, 8, 8])
})

test('the size of the tenant sets the limit', async () => {
  emulator.throttle.set({ limitScale: 0.002, refuses: 'all' })
  const allowed = async (client: typeof ask) => {
    for (let count = 0; ; count++) if ((await client('/users?$select=id')).status === 429) return count
  }
  assert.equal(await allowed(ask), 16, 'of a large tenant')
  assert.equal(await allowed(contoso), 10, 'of one of middle size')
})

test('writes have a limit of their own', async () => {
  const writer = await asApp(emulator, WRITER)
  const { body } = await writer('/users/uma@fabrikam.example')
  emulator.throttle.set({ limitScale: 0.001 })
  const write = () => writer(`/users/${body.id}`, { method: 'PATCH', body: { jobTitle: 'x' } })
  for (let index = 0; index < 3; index++) assert.equal((await write()).status, 204)
  const refused = await untilRefused(write)
  assert.equal(refused.headers.get('x-ms-throttle-information'), 'WriteLimitExceeded')
  assert.equal(refused.headers.get('x-ms-throttle-scope'), `Tenant_Application/Write/${WRITER}/${FABRIKAM}`)
  assert.equal((await writer('/groups')).status, 200, 'reading goes on')
  emulator.throttle.clear()
  assert.equal((await write()).status, 204)
})

test('the wait is told in seconds, in fractions of them, as a date, or not at all', async () => {
  for (const [retryAfter, form] of [
    ['seconds', /^\d+$/],
    ['fraction', /^\d+\.\d{3}$/],
    ['date', / GMT$/],
    ['none', null],
  ] as const) {
    emulator.throttle.set({ limitScale: 0.0001, retryAfter, refuses: 'all' })
    const { headers, status } = await ask('/users')
    assert.equal(status, 429)
    const told = headers.get('retry-after')
    if (form === null) assert.equal(told, null)
    else assert.match(told ?? '', form)
  }
})

type Told = { status: number; share: number; priority: string }

/** One unit each; the clock is turned by what one unit takes to come back, so that the bucket stays as full as it is. */
async function steadily(count: number, priorities: readonly string[] = ['Normal']): Promise<Told[]> {
  const told: Told[] = []
  for (let index = 0; index < count; index++) {
    const priority = priorities[index % priorities.length] ?? ''
    const { status, headers } = await ask('/users?$select=id&$top=1', {
      headers: { 'x-ms-throttle-priority': priority },
    })
    told.push({ status, share: Number(headers.get('x-ms-throttle-limit-percentage')), priority })
    emulator.clock.advance({ seconds: 1.25 })
  }
  return told
}
const refusedIn = (told: readonly Told[]) => told.filter(({ status }) => status === 429)

test('over the limit the share is refused that the header tells: a fifth at 1.2, four fifths at 1.8', async () => {
  // 8 units in ten seconds: 0.8 a second.
  emulator.throttle.set({ limitScale: 0.001 })
  for (let sent = 0; sent < 9; sent++) await ask('/users?$select=id')
  const calm = await steadily(100)
  assert.deepEqual(new Set(calm.map(({ share }) => share)), new Set([1.25]))
  const refusedOfCalm = refusedIn(calm).length
  assert.ok(refusedOfCalm >= 24 && refusedOfCalm <= 26, `a quarter of 100: ${refusedOfCalm}`)
  for (let sent = 0; sent < 30; sent++) await ask('/users?$select=id')
  const full: number[] = []
  // Few enough that the application's own bucket, over all tenants, stays below its limit.
  for (let sent = 0; sent < 40; sent++) full.push((await ask('/users')).status)
  const refused = full.filter((status) => status === 429).length
  assert.ok(refused >= 30 && refused <= 34, `four fifths of 40: ${refused}`)
})

test('requests of low priority are refused first, those of high priority last; the share stays the same', async () => {
  emulator.throttle.set({ limitScale: 0.001 })
  for (let sent = 0; sent < 9; sent++) await ask('/users?$select=id')
  const mixed = refusedIn(await steadily(90, ['Low', 'Normal', 'high']))
  assert.ok(mixed.length >= 8 && mixed.length <= 27, `about a fifth of 90: ${mixed.length}`)
  assert.deepEqual(new Set(mixed.map(({ priority }) => priority)), new Set(['Low']))
  const alone = refusedIn(await steadily(50, ['Low']))
  assert.ok(alone.length >= 3 && alone.length <= 15, `low priority alone loses no more than any: ${alone.length} of 50`)
})

test('the same seed refuses the same requests', () => {
  const pattern = (seed: number) => {
    const throttle = openThrottle({ ...openClock(), now: () => new Date(0) })
    throttle.set({ ...throttle.settings(), on: true, limitScale: 0.01, seed })
    const charge = { appId: READER, tenantId: FABRIKAM, users: 10, units: 1, writes: 0 } as const
    return Array.from({ length: 60 }, () =>
      throttle.charge({ ...charge, priority: 'normal', isPersonalApplication: false }).refusal ? 'x' : '.',
    ).join('')
  }
  assert.equal(pattern(1), pattern(1))
  assert.equal(pattern(1).slice(0, 35), '.'.repeat(35), 'nothing is refused up to the limit')
  assert.ok(new Set([1, 2, 3, 4].map(pattern)).size > 1)
})

test('writes to applications that take personal accounts have a small limit of their own', async () => {
  const writer = await asApp(emulator, WRITER)
  // Six a minute, or 3,500 in five minutes.
  emulator.throttle.set({ limitScale: 0.1, refuses: 'all' })
  const create = (signInAudience: string) => writer('/applications', { body: { displayName: 'A', signInAudience } })
  for (let made = 0; made < 6; made++)
    assert.equal((await create('AzureADandPersonalMicrosoftAccount')).status, 201, String(made))
  const refused = await create('PersonalMicrosoftAccount')
  assertError(refused, 429, 'TooManyRequests')
  assert.equal(refused.headers.get('x-ms-throttle-scope'), `Application/Write/${WRITER}/${FABRIKAM}`)
  assert.equal((await create('AzureADMyOrg')).status, 201)
  const { body } = await writer('/applications?$top=1')
  const change = () => writer(`/applications/${body.value[0].id}`, { method: 'PATCH', body: { displayName: 'B' } })
  assert.equal((await change()).status, 429, 'changes count as creations do')
})

test('items of a batch are charged and refused one by one', async () => {
  emulator.throttle.set({ limitScale: 0.001 })
  const requests = Array.from({ length: 12 }, (_, id) => ({ id: String(id), method: 'GET', url: '/users' }))
  const { status, body } = await ask('/$batch', { body: { requests } })
  assert.equal(status, 200)
  const states = new Map<string, { status: number; headers: Record<string, string> }>(
    body.responses.map((response: { id: string }) => [response.id, response]),
  )
  assert.deepEqual(
    ['0', '1', '2', '3'].map((id) => states.get(id)?.status),
    [200, 200, 200, 200],
  )
  const refused = [...states.values()].filter((response) => response.status === 429)
  assert.ok(refused.length > 0)
  for (const { headers } of refused) assert.ok(Number(headers['retry-after']) >= 1)
})
