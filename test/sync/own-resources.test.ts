import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { CLI_ACTOR } from '#cli/tenant-option.ts'
import { readStored, whenRead } from '#flows/runs/read-stored.ts'
import { allowRemoval } from '#flows/sync/allow-removal.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { type AppDefinition, defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { diagnose } from '#model/problem.ts'
import { defineResource } from '#model/resource.ts'
import { listAudit } from '#store/audit.ts'
import { listCursors } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import { applyPage, countResources, countStored, listResources, removeKind } from '#store/resources.ts'
import { latestRun, listRuns } from '#store/sync-runs.ts'
import { findTenant, triesOf } from '#store/tenants.ts'
import { runHere } from '#test/support/at-the-terminal.ts'
import { APP, APP_OF_TESTS, type Fleet, openFleet } from '#test/support/fleet.ts'
import { aResource, madeUp } from '#test/support/made-up.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import type { Tools } from '#tools.ts'

const signal = new AbortController().signal

const registrations = defineResource({
  kind: 'application',
  title: 'App registrations',
  mode: 'delta',
  path: '/applications/delta',
  select: ['id', 'appId', 'displayName'],
  key: 'id',
  anyOf: ['Application.Read.All', 'Directory.Read.All'],
})
/** Read in full; Graph lists the roles that somebody has ever held. */
const roles = defineResource({
  kind: 'directoryRole',
  mode: 'full',
  path: '/directoryRoles',
  select: ['displayName', 'roleTemplateId'],
  key: 'roleTemplateId',
  anyOf: ['RoleManagement.Read.Directory'],
})

const OWN = defineApp({
  ...APP_OF_TESTS,
  permissions: [
    { value: 'User.Read.All', reason: 'Reads people.' },
    { value: 'Application.Read.All', reason: 'Reads what is registered.' },
    { value: 'RoleManagement.Read.Directory', reason: 'Reads roles.' },
  ],
  resources: [registrations, roles],
  builtInResources: { servicePrincipal: false, group: false },
})

const WRITER = 'Application.ReadWrite.All'
const openOwn = ({ databaseUrl = null, tenants = 1 }: { databaseUrl?: string | null; tenants?: number } = {}) =>
  openFleet({
    tenants,
    users: 3,
    groups: 0,
    app: OWN,
    databaseUrl,
    estate: (usual) => ({
      ...usual,
      servicePrincipals: (usual.servicePrincipals ?? []).map((one) =>
        one.application?.includes('User.ReadWrite.All') ? { ...one, application: [...one.application, WRITER] } : one,
      ),
    }),
  })

const within = (tools: Tools, change: Partial<AppDefinition>): Tools => ({
  ...tools,
  config: { ...tools.config, app: { ...tools.config.app, ...change } },
})
const sync = async (tools: Tools, tenantId: TenantId) => {
  await syncTenant(tools, { tenantId, signal })
  return asTenant(tools.store, tenantId, latestRun)
}
const stored = (tools: Tools, tenantId: TenantId, kind = 'application') =>
  asTenant(tools.store, tenantId, (sql) => listResources(sql, { kind, limit: 1_000 }))
const namesOf = (found: Awaited<ReturnType<typeof stored>>) =>
  found.map(({ displayName }) => `${displayName}`).toSorted()
const register = (fleet: Fleet, tenantId: TenantId, displayName: string) =>
  fleet.change(tenantId, 'POST', '/applications', { displayName }) as Promise<{ id: string; appId: string }>

/** Each test has a tenant of its own. */
const embedded = await openOwn({ tenants: 26 })
after(() => embedded[Symbol.asyncDispose]())
const { tools, emulator } = embedded
const unused = [...embedded.tenantIds]
const anotherTenant = () => unused.shift() as TenantId

for (const backend of ['pglite', 'postgres'] as const)
  test(`a kind of the app’s own is read, kept apart by tenant and counted, with delta and in full: ${backend}`, async () => {
    await using onServer =
      backend === 'postgres' ? await openOwn({ databaseUrl: await freshDatabase(), tenants: 2 }) : null
    const fleet = onServer ?? embedded
    const { tools, emulator } = fleet
    const [ours, other] = onServer ? (onServer.tenantIds as [TenantId, TenantId]) : [anotherTenant(), anotherTenant()]
    const [one, two] = [await register(fleet, ours, 'One'), await register(fleet, ours, 'Two')]
    await register(fleet, other, 'Elsewhere')
    const first = await sync(tools, ours)
    assert.deepEqual(
      [first?.state, first?.counts, first?.users],
      [
        'succeeded',
        { organization: 0, subscribedSku: 0, user: 3, group: 0, servicePrincipal: 0, application: 2, directoryRole: 1 },
        3,
      ],
    )
    assert.deepEqual(namesOf(await stored(tools, ours)), ['One', 'Two'])
    assert.deepEqual((await stored(tools, ours)).find(({ id }) => (id as string) === one.id)?.properties, {
      id: one.id,
      appId: one.appId,
      displayName: 'One',
    })
    assert.deepEqual(
      (await stored(tools, ours, 'directoryRole')).map(({ displayName, id, properties }) => [
        displayName,
        id === properties.roleTemplateId,
      ]),
      [['Global Administrator', true]],
      'its key is another property than id',
    )
    assert.deepEqual(await stored(tools, other), [])
    await sync(tools, other)
    assert.deepEqual(namesOf(await stored(tools, other)), ['Elsewhere'])

    emulator.requests.clear()
    await fleet.change(ours, 'DELETE', `/applications/${two.id}`)
    await fleet.change(ours, 'PATCH', `/applications/${one.id}`, { displayName: 'Renamed' })
    const second = await sync(tools, ours)
    assert.deepEqual(
      [second?.counts.application, second?.counts.user, second?.counts.directoryRole, second?.removed],
      [1, 0, 1, 1],
    )
    assert.deepEqual(namesOf(await stored(tools, ours)), ['Renamed'])
    const [asked] = emulator.requests.list({ path: '/applications/delta' })
    assert.match(asked?.query ?? '', /deltatoken=/i)
    assert.equal(emulator.requests.list({ path: '/groups/delta' }).length, 0, 'a built-in kind was left out')

    await offboardTenant(tools, { tenantId: ours, actor: 'operator:test', reason: 'Over.' })
    assert.deepEqual(await stored(tools, ours), [])
    assert.deepEqual(namesOf(await stored(tools, other)), ['Elsewhere'])
  })

test('G09 a kind of the app’s own is read anew where Graph has forgotten the place, and what is gone is removed', async () => {
  const tenantId = anotherTenant()
  const [one] = [await register(embedded, tenantId, 'One'), await register(embedded, tenantId, 'Two')]
  await sync(tools, tenantId)
  await embedded.change(tenantId, 'DELETE', `/applications/${one.id}`)
  emulator.mischief.once({
    at: 'graph',
    match: { path: '/applications/delta' },
    answer: {
      status: 410,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ error: { code: 'resyncRequired', message: 'Resync required.' } }),
    },
  })
  const run = await sync(tools, tenantId)
  assert.deepEqual([run?.state, run?.counts.application, run?.removed], ['succeeded', 1, 1])
  assert.deepEqual(namesOf(await stored(tools, tenantId)), ['Two'])
})

test('G09 a large share of a kind of the app’s own does not go without anybody being asked', async () => {
  const tenantId = anotherTenant()
  const made: { id: string }[] = []
  for (let index = 0; index < 8; index++) made.push(await register(embedded, tenantId, `App ${index}`))
  await sync(tools, tenantId)
  for (const { id } of made.slice(0, 6)) await embedded.change(tenantId, 'DELETE', `/applications/${id}`)
  await assert.rejects(sync(tools, tenantId), { message: /would remove 6 of 8 stored objects of kind application/ })
  assert.equal((await stored(tools, tenantId)).length, 8)
})

test('a kind that stops stops no other, whose links are used before they are too old', async () => {
  const tenantId = anotherTenant()
  const made: { id: string }[] = []
  for (let index = 0; index < 8; index++) made.push(await register(embedded, tenantId, `App ${index}`))
  await sync(tools, tenantId)
  const linksAt = async () =>
    new Map((await asTenant(tools.store, tenantId, listCursors)).map(({ kind, deltaAt }) => [kind, deltaAt?.getTime()]))
  const before = await linksAt()
  for (const { id } of made.slice(0, 6)) await embedded.change(tenantId, 'DELETE', `/applications/${id}`)
  emulator.requests.clear()
  await assert.rejects(sync(tools, tenantId), { message: /would remove 6 of 8/ })
  const after = await linksAt()
  assert.equal(after.get('application'), before.get('application'), 'the question is asked again from there')
  assert.notEqual(after.get('user'), before.get('user'), 'nothing had changed')
  assert.notEqual(after.get('directoryRole'), before.get('directoryRole'), 'it comes after what stopped')
  const run = await asTenant(tools.store, tenantId, latestRun)
  assert.deepEqual(
    [run?.state, run?.diagnosis?.code, run?.pages, run?.counts.directoryRole],
    ['failed', 'REMOVAL_TOO_LARGE', 2, 1],
  )
})

test('G09 what an operator allows is not kept for a kind that is not read', async () => {
  const tenantId = anotherTenant()
  const made: { id: string }[] = []
  for (let index = 0; index < 8; index++) made.push(await register(embedded, tenantId, `App ${index}`))
  await sync(tools, tenantId)
  await allowRemoval(within(tools, { resources: [] }), { tenantId, actor: 'operator:test', reason: 'People left.' })
  for (const { id } of made.slice(0, 6)) await embedded.change(tenantId, 'DELETE', `/applications/${id}`)
  await assert.rejects(sync(tools, tenantId), { message: /would remove 6 of 8/ })
  await allowRemoval(tools, { tenantId, actor: 'operator:test', reason: 'They did.' })
  assert.equal((await sync(tools, tenantId))?.removed, 6)
})

test('another key is no removal: each object is stored under it, and nobody is asked', async () => {
  const tenantId = anotherTenant()
  const made: { id: string; appId: string }[] = []
  for (let index = 0; index < 8; index++) made.push(await register(embedded, tenantId, `App ${index}`))
  await sync(tools, tenantId)
  const inFull = { ...registrations, mode: 'full', path: '/applications' } as const
  const byAppId = within(tools, { resources: [{ ...inFull, key: 'appId' }] })
  const run = await sync(byAppId, tenantId)
  assert.deepEqual([run?.state, run?.counts.application, run?.removed], ['succeeded', 8, 0])
  const ids = (await stored(tools, tenantId)).map(({ id }) => id as string)
  assert.deepEqual(ids.toSorted(), made.map(({ appId }) => appId).toSorted())
  for (const { id } of made.slice(0, 6)) await embedded.change(tenantId, 'DELETE', `/applications/${id}`)
  await assert.rejects(sync(byAppId, tenantId), { message: /would remove 6 of 8/ })
  assert.equal((await stored(tools, tenantId)).length, 8)
})

test('when a kind was last read to its end is known: not before it was, nor when something else is asked for', async () => {
  const tenantId = anotherTenant()
  const read = (app: Partial<AppDefinition> = {}, kind = 'application') =>
    whenRead(within(tools, app), { tenantId, kind })
  assert.equal(await read(), null)
  await sync(within(tools, { resources: [] }), tenantId)
  assert.equal(await read(), null)
  await sync(tools, tenantId)
  const first = (await read()) ?? assert.fail('it was read')
  assert.equal(await read({ resources: [{ ...registrations, select: ['id'] }] }), null)
  await sync(tools, tenantId)
  const second = (await read()) ?? assert.fail('it was read again')
  assert.ok(second > first, 'a round without changes counts, too')
  const match = { tenant: tenantId, path: '/applications/delta' }
  const headers = { 'content-type': 'application/json' }
  const half = JSON.stringify({
    value: [],
    '@odata.nextLink': `${emulator.origin}/v1.0/applications/delta?$skiptoken=half`,
  })
  const asksAnew = { at: 'graph', match, times: 1, answer: { status: 410, headers, body: '{}' } } as const
  const breaksOff = (nth: number) =>
    [
      { at: 'graph', match, nth, times: 1, answer: { status: 200, headers, body: half } },
      { at: 'graph', match, nth: nth + 1, answer: { status: 403 } },
    ] as const
  emulator.mischief.set([asksAnew, ...breaksOff(2)])
  await assert.rejects(sync(tools, tenantId))
  assert.deepEqual(await read(), second, 'what is read anew is all there meanwhile')
  const wider = { resources: [{ ...registrations, select: ['id', 'appId'] }] }
  emulator.mischief.set(breaksOff(1))
  await assert.rejects(sync(within(tools, wider), tenantId))
  assert.equal(await read(wider), null, 'but not with what is asked for now')
  emulator.mischief.clear()
  assert.ok(await read({}, 'directoryRole'), 'in full, too')
  await refusedWith('RESOURCE_UNKNOWN', () => read({}, 'aplication'))
})

test('a kind that the app may not read is told apart from one without objects, and is nobody’s to keep', async () => {
  const tenantId = anotherTenant()
  await register(embedded, tenantId, 'One')
  await sync(tools, tenantId)
  const without = { permissions: [{ value: 'User.Read.All' as const, reason: 'Reads people.' }], builtInResources: {} }
  const refused = await refusedWith('RESOURCE_UNKNOWN', () =>
    readStored(within(tools, without), { tenantId, kind: 'group' }).next(),
  )
  assert.match(refused.nextStep, /^Add GroupMember\.Read\.All to the app’s permissions/)
  const { stdout, stderr } = await runHere(within(tools, without), 'resources', 'forget', 'application').ended
  assert.match(stdout, /deleted, in/, stderr)
  assert.deepEqual(await stored(tools, tenantId), [])
})

test('a kind whose forgetting was broken off is read from the beginning, and nothing is left of before', async () => {
  const tenantId = anotherTenant()
  const made = new Map<string, { id: string }>()
  for (const name of ['One', 'Two']) made.set(name, await register(embedded, tenantId, name))
  await sync(tools, tenantId)
  assert.deepEqual(await asTenant(tools.store, tenantId, (sql) => removeKind(sql, 'application', 1)), {
    removed: 1,
    left: true,
  })
  const [left] = namesOf(await stored(tools, tenantId))
  const [gone] = [made.get(left ?? '') ?? assert.fail()]
  await embedded.change(tenantId, 'DELETE', `/applications/${gone.id}`)
  await sync(tools, tenantId)
  assert.deepEqual(
    namesOf(await stored(tools, tenantId)),
    [...made.keys()].filter((name) => name !== left),
  )
})

for (const forgotten of ['all of it', 'a part of it'])
  test(`what is forgotten while a page is on its way does not come back as that page alone: ${forgotten}`, async () => {
    const tenantId = anotherTenant()
    for (const name of ['One', 'Two']) await register(embedded, tenantId, name)
    await sync(tools, tenantId)
    const [first, last] = await stored(tools, tenantId)
    await embedded.change(tenantId, 'PATCH', `/applications/${last?.id}`, { displayName: 'Renamed' })
    const span: Tools['telemetry']['span'] = async (name, attributes, work) => {
      if (name === 'page stored' && attributes()['tenantry.kind'] === 'application' && forgets.length > 0)
        await asTenant(tools.store, tenantId, (sql) => removeKind(sql, 'application', forgets.pop()))
      return tools.telemetry.span(name, attributes, work)
    }
    const forgets = [forgotten === 'all of it' ? 20_000 : 1]
    await sync({ ...tools, telemetry: { ...tools.telemetry, span } }, tenantId)
    assert.deepEqual(namesOf(await stored(tools, tenantId)), [`${first?.displayName}`, 'Renamed'].toSorted())
  })

test('another $select brings one full reading, of this kind alone; then what has changed again', async () => {
  const tenantId = anotherTenant()
  await register(embedded, tenantId, 'One')
  await sync(tools, tenantId)
  const wider = within(tools, {
    resources: [{ ...registrations, select: ['displayName', 'signInAudience', 'appId', 'id'] }],
    builtInResources: { user: { alsoSelect: ['officeLocation'] }, group: false, servicePrincipal: false },
  })
  emulator.requests.clear()
  const run = await sync(wider, tenantId)
  assert.deepEqual([run?.state, run?.counts.application, run?.counts.user], ['succeeded', 1, 3])
  assert.equal((await stored(tools, tenantId))[0]?.properties.signInAudience, 'AzureADandPersonalMicrosoftAccount')
  const people = await stored(tools, tenantId, 'user')
  assert.ok(people.every(({ properties }) => typeof properties.officeLocation === 'string'))

  emulator.requests.clear()
  const other = within(wider, {
    resources: [{ ...registrations, select: ['id', 'appId', 'displayName', 'signInAudience'] }],
  })
  const after = await sync(other, tenantId)
  assert.deepEqual([after?.counts.application ?? 0, after?.counts.user], [0, 0], 'in another order it is the same')
  assert.ok(emulator.requests.list({ path: '/delta' }).every(({ query }) => /deltatoken=/i.test(query)))
})

test('a kind that is taken out of the configuration keeps its rows as they were, until it is back or the tenant goes', async () => {
  const tenantId = anotherTenant()
  const one = await register(embedded, tenantId, 'One')
  await sync(tools, tenantId)
  await embedded.change(tenantId, 'DELETE', `/applications/${one.id}`)
  emulator.requests.clear()
  await sync(within(tools, { resources: [] }), tenantId)
  assert.equal(emulator.requests.list({ tenantId, path: '/applications' }).length, 0)
  assert.deepEqual(namesOf(await stored(tools, tenantId)), ['One'])
  const run = await sync(tools, tenantId)
  assert.equal(run?.removed, 1, 'back again, it goes on where it was')
  assert.deepEqual(await stored(tools, tenantId), [])
})

test('what the tenant does not grant is not read, and the rest is', async () => {
  const tenantId = anotherTenant()
  await register(embedded, tenantId, 'One')
  await emulator.directory.revokePermission({ tenant: tenantId, app: APP, permission: 'Application.Read.All' })
  await sync(tools, tenantId)
  assert.equal(emulator.requests.list({ tenantId, path: '/applications/delta' }).length, 0)
  const counts = await asTenant(tools.store, tenantId, countResources)
  assert.deepEqual([counts.user, counts.application, counts.directoryRole], [3, undefined, 1])
})

test('a round without changes writes nothing of a kind of the app’s own but where to go on', async () => {
  const tenantId = anotherTenant()
  await register(embedded, tenantId, 'One')
  const onlyDelta = within(tools, { resources: [registrations] })
  await sync(onlyDelta, tenantId)
  const before = await stored(tools, tenantId)
  await sync(onlyDelta, tenantId)
  assert.deepEqual(await stored(tools, tenantId), before)
  const runs = await asTenant(tools.store, tenantId, (sql) => listRuns(sql, { limit: 2 }))
  assert.deepEqual(
    runs.map(({ state, pages, counts }) => [state, pages, counts.application ?? 0]),
    [
      ['succeeded', 2, 0],
      ['succeeded', 2, 1],
    ],
  )
})

/** What Graph says to a resource that was declared wrongly, and what the operator reads of it. */
const MISTAKEN = [
  {
    what: 'permission',
    change: { path: '/groups/delta', select: ['id'] },
    told: /refuses what the resource application asks, \/groups\/delta, though the tenant grants Application\.Read\.All/,
  },
  {
    what: 'path',
    change: { path: '/registrations/delta' },
    told: /resource application asks: \/registrations\/delta\./,
  },
  {
    what: 'property',
    change: { select: ['id', 'displayname_'] },
    told: /resource application asks: \/applications\/delta\./,
  },
]
for (const { what, change, told } of MISTAKEN)
  test(`a resource with the wrong ${what} is the ISV’s to mend, and says nothing about the tenant`, async () => {
    const tenantId = anotherTenant()
    const mistaken = within(tools, { resources: [{ ...registrations, ...change }] })
    await assert.rejects(sync(mistaken, tenantId), (error) => {
      const { code, owner, message } = diagnose(error)
      assert.deepEqual([code, owner], ['GRAPH_REFUSED', 'operator'])
      assert.match(message, told)
      return true
    })
    const { tenant, run, counts, tries } = await asTenant(tools.store, tenantId, async (sql) => ({
      tries: await triesOf(sql),
      tenant: await findTenant(sql, tenantId),
      run: await latestRun(sql),
      counts: await countResources(sql),
    }))
    assert.deepEqual([tenant?.state, run?.state, run?.diagnosis?.owner], ['active', 'failed', 'operator'])
    assert.equal(counts.user, 3, 'all else is read')
    assert.equal(tries.restUntil, null, 'as often as ever')
  })

test('what Graph refuses of a built-in kind although it is granted leads to one move of the tenant, not to and fro', async () => {
  const tenantId = anotherTenant()
  emulator.mischief.add({ at: 'graph', match: { tenant: tenantId, path: '/users/delta' }, answer: { status: 403 } })
  for (const _ of ['while it is active', 'while it is degraded'])
    await assert.rejects(sync(tools, tenantId), (error) => diagnose(error).code === 'PERMISSION_MISSING')
  emulator.mischief.clear()
  assert.equal((await asTenant(tools.store, tenantId, (sql) => findTenant(sql, tenantId)))?.state, 'degraded')
  const verifications = async () =>
    (await jobsIn(tools.jobs, 'verify-tenant')).filter(({ data }) => data.tenantId === tenantId)
  assert.deepEqual(await verifications(), [])
  await sync(tools, tenantId)
  assert.equal((await verifications()).length, 1, 'once it is read again, it is verified')
})

test('a permission that the tenant has taken away meanwhile is the customer’s to give', async () => {
  const tenantId = anotherTenant()
  await sync(tools, tenantId)
  await emulator.directory.revokePermission({ tenant: tenantId, app: APP, permission: 'Application.Read.All' })
  emulator.mischief.once({
    at: 'graph',
    match: { tenant: tenantId, path: '/applications/delta' },
    answer: { status: 403 },
  })
  await assert.rejects(sync(tools, tenantId), (error) => diagnose(error).owner === 'customer-administrator')
})

test('what is left of a kind is forgotten in every tenant on an operator’s word, not while it is read', async () => {
  const [one, other] = [anotherTenant(), anotherTenant()]
  for (const tenantId of [one, other]) {
    await register(embedded, tenantId, 'One')
    await sync(tools, tenantId)
  }
  const forget = (app: Partial<AppDefinition>, kind: string) =>
    runHere(within(tools, app), 'resources', 'forget', kind).ended
  const refused = await forget({}, 'application')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /CONFIGURATION_INVALID: Objects of kind application are read from directories/)
  assert.equal((await stored(tools, one)).length, 1)

  const done = await forget({ resources: [] }, 'application')
  assert.match(done.stdout, /^\d+ objects of kind application deleted, in \d+ tenants\.\n$/, done.stderr)
  for (const tenantId of [one, other]) {
    assert.deepEqual(await stored(tools, tenantId), [])
    assert.equal((await stored(tools, tenantId, 'user')).length, 3)
    const [line] = await asTenant(tools.store, tenantId, (sql) => listAudit(sql, { limit: 1 }))
    assert.deepEqual(
      [line?.action, line?.actor, line?.detail],
      ['tenant.kind-forgotten', CLI_ACTOR, { kind: 'application', objects: 1 }],
    )
  }
  assert.match((await forget({ resources: [] }, 'application')).stdout, /^0 objects of kind application deleted, in 0/)
  assert.equal((await sync(tools, one))?.counts.application, 1, 'back again, it is read from the beginning')

  // Of groups, which this app leaves out, members go along.
  const group = aResource('group', 'Left over')
  await asTenant(tools.store, one, (sql) =>
    applyPage(
      sql,
      { kind: 'group', key: 'id', generation: madeUp.generationId() },
      {
        changed: { ids: [group.id], json: JSON.stringify({ value: [{ ...group.properties, id: group.id }] }) },
        removed: [],
        members: [{ groupId: group.id, memberId: madeUp.objectId(), memberType: 'user', removed: false }],
      },
    ),
  )
  assert.match((await forget({}, 'group')).stdout, /^1 object of kind group deleted, in 1 tenant\.\n$/)
  assert.equal(await asTenant(tools.store, one, (sql) => countStored(sql, 'memberships')), 0)
})
