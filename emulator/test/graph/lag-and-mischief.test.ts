import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, beforeEach, test } from 'node:test'
import { startEmulator, type Word } from '#emulator/index.ts'
import { WORDS } from '#emulator/mischief/words.ts'
import {
  allPages,
  appToken,
  asApp,
  assertError,
  CONTOSO,
  FABRIKAM,
  graphEstate,
  MICROSOFT_GRAPH,
  NOBODY,
  principalId,
  READER,
  STRANGER,
  USER_READ_ALL,
  WRITER,
  withToken,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const writer = await asApp(emulator, WRITER)
const ask = await asApp(emulator, READER)

test('a new service principal is unknown to the first questions, by id and by filter', async () => {
  emulator.lag.set({ servicePrincipalReads: 3 })
  const { body } = await writer('/servicePrincipals', { body: { appId: STRANGER } })
  assertError(
    await ask(`/servicePrincipals/${body.id}`),
    404,
    'Request_ResourceNotFound',
    /^Resource '.+' does not exist or one of its queried reference-property objects are not present\.$/,
  )
  assert.deepEqual((await ask(`/servicePrincipals?$filter=appId eq '${STRANGER}'`)).body.value, [])
  assertError(await ask(`/servicePrincipals(appId='${STRANGER}')`), 404, 'Request_ResourceNotFound')
  assert.equal((await ask(`/servicePrincipals/${body.id}`)).status, 200)
  assert.equal((await ask(`/servicePrincipals(appId='${NOBODY}')`)).status, 200, 'the estate is old')
})

test('the first assignments to a new service principal are refused; old ones are not', async () => {
  const graph = await principalId(writer, MICROSOFT_GRAPH)
  emulator.lag.set({ assignmentWrites: 2 })
  const { body: made } = await writer('/servicePrincipals', { body: { appId: STRANGER } })
  const assign = (principal: string) =>
    writer(`/servicePrincipals/${graph}/appRoleAssignedTo`, {
      body: { principalId: principal, resourceId: graph, appRoleId: USER_READ_ALL },
    })
  assertError(await assign(made.id), 400, 'Request_BadRequest', /^Not a valid reference update\.$/)
  assertError(await assign(made.id), 400, 'Request_BadRequest')
  assert.equal((await assign(made.id)).status, 201)
  assert.equal((await assign(await principalId(writer, NOBODY))).status, 201)
})

test('a rule answers in Graph’s place, for the nth request of one tenant', async () => {
  const contoso = await asApp(emulator, READER, CONTOSO)
  emulator.mischief.set([
    {
      at: 'graph',
      match: { path: '/users$', tenant: FABRIKAM },
      nth: 2,
      times: 1,
      answer: {
        status: 429,
        headers: { 'retry-after': '7' },
        body: '{"error":{"code":"TooManyRequests","message":"later"}}',
      },
    },
  ])
  assert.equal((await ask('/users')).status, 200)
  assert.equal((await contoso('/users')).status, 200)
  const struck = await ask('/users')
  assert.equal(struck.status, 429)
  assert.equal(struck.headers.get('retry-after'), '7')
  assert.equal((await ask('/users')).status, 200)
})

test('a bent next link leads where the rule says, and only where there is a next page', async () => {
  emulator.mischief.set([
    { at: 'graph', match: { path: '/users' }, nextLink: 'https://graph.evil.example/v1.0/users?$skiptoken=x' },
  ])
  assert.equal((await ask('/users')).body['@odata.nextLink'], 'https://graph.evil.example/v1.0/users?$skiptoken=x')
  assert.equal(
    (await ask("/users?$filter=userPrincipalName eq 'grace@fabrikam.example'")).body['@odata.nextLink'],
    undefined,
  )
  emulator.mischief.clear()
  assert.equal((await allPages(ask, '/users')).items.length, 1_205)
})

test('a connection is cut before, in and after the answer', async () => {
  const graph = await principalId(writer, MICROSOFT_GRAPH)
  const client = await principalId(writer, NOBODY)
  const path = `/servicePrincipals/${client}/appRoleAssignments`
  const body = { principalId: client, resourceId: graph, appRoleId: USER_READ_ALL }
  const count = async () => (await ask(path)).body.value.length
  emulator.mischief.once({ at: 'graph', match: { method: 'POST' }, reset: true })
  await assert.rejects(writer(path, { body }))
  assert.equal(await count(), 0, 'reset: nothing was carried out')
  emulator.mischief.once({ at: 'graph', match: { method: 'POST' }, commitThenDrop: true })
  await assert.rejects(writer(path, { body }))
  assert.equal(await count(), 1, 'commitThenDrop: it was carried out')
  emulator.mischief.once({ at: 'graph', match: { path: '/users$' }, truncate: 1_000 })
  await assert.rejects(ask('/users'))
  assert.equal((await ask('/users')).status, 200)
})

test('another tenant’s token is just that: Graph answers for the tenant in the token', async () => {
  emulator.mischief.set([{ at: 'apptoken', word: 'apptoken.swap', match: { tenant: CONTOSO } }])
  const swapped = withToken(emulator, await appToken(emulator, READER, CONTOSO))
  const answer = await swapped('/organization')
  assert.equal(answer.status, 401, 'the principal of one tenant is nobody in another')
})

test('a new application is unknown at first, and its service principal is refused in both of Graph’s texts', async () => {
  emulator.lag.set({ applicationReads: 2, applicationReferences: 2 })
  const { body: made } = await writer('/applications', {
    body: { displayName: 'Fresh', signInAudience: 'AzureADMyOrg' },
  })
  assertError(await writer(`/applications/${made.id}/addPassword`, { body: {} }), 404, 'Request_ResourceNotFound')
  assert.deepEqual((await writer(`/applications?$filter=appId eq '${made.appId}'`)).body.value, [])
  assert.equal((await writer(`/applications/${made.id}/addPassword`, { body: {} })).status, 200)
  const create = () => writer('/servicePrincipals', { body: { appId: made.appId } })
  assertError(await create(), 400, 'Request_BadRequest', /does not reference a valid application object\.$/)
  assertError(
    await create(),
    403,
    'Authorization_RequestDenied',
    /service principal being created must in the local tenant$/,
  )
  assert.equal((await create()).status, 201)
})

test('replicas that take turns show a new object, hide it, and show it again', async () => {
  emulator.lag.set({ servicePrincipalReads: 2, consistency: 'adversarial' })
  const { body } = await writer('/servicePrincipals', { body: { appId: STRANGER } })
  const statuses: number[] = []
  for (let index = 0; index < 5; index++) statuses.push((await ask(`/servicePrincipals/${body.id}`)).status)
  assert.deepEqual(statuses, [404, 200, 404, 200, 200])
})

test('what is removed and made again lags again', async () => {
  const graph = await principalId(writer, MICROSOFT_GRAPH)
  const client = await principalId(writer, NOBODY)
  emulator.lag.set({ assignmentTokens: 1 })
  const path = `/servicePrincipals/${client}/appRoleAssignments`
  const readable = async () => (await (await asApp(emulator, NOBODY))('/users?$top=1')).status
  for (let round = 0; round < 2; round++) {
    const { body } = await writer(path, { body: { principalId: client, resourceId: graph, appRoleId: USER_READ_ALL } })
    assert.deepEqual([await readable(), await readable()], [403, 200])
    await writer(`${path}/${body.id}`, { method: 'DELETE' })
    emulator.clock.advance({ seconds: 1 })
  }
})

for (const path of ['/users', '/users/delta'])
  for (const word of ['graph.page=empty', 'graph.page=overlapping', 'graph.page=reversed'] as const)
    test(`G09 ${word}: the pages of ${path} bring everybody all the same`, async () => {
      const plain = await allPages(ask, `${path}?$select=id`)
      emulator.mischief.set([{ at: 'graph', match: { path: `${path}$` }, nth: 3, times: 2, word }])
      const odd = await allPages(ask, `${path}?$select=id`)
      assert.deepEqual(new Set(odd.items.map(({ id }) => id)), new Set(plain.items.map(({ id }) => id)))
      assert.notDeepEqual([odd.pages, odd.items], [plain.pages, plain.items], 'it did nothing')
      emulator.mischief.clear()
    })

for (const path of ['/users', '/users/delta'])
  test(`G09 graph.page=empty: no empty page of ${path} leads to itself, however many follow each other`, async () => {
    emulator.mischief.set([{ at: 'graph', match: { path: `${path}$` }, nth: 2, times: 5, word: 'graph.page=empty' }])
    const asked = new Set<string>()
    for (let next: string | undefined = `${path}?$select=id`; next; ) {
      assert.ok(!asked.has(next), `${asked.size} pages, and round again`)
      asked.add(next)
      next = (await ask(next)).body['@odata.nextLink'] as string | undefined
    }
    assert.ok(asked.size > 6)
    emulator.mischief.clear()
  })

const EVERYBODY = '/users?$select=id&$top=100'

/** The link to the second page under each word, and what is wrong with it. */
const LINKS: Partial<Record<Word, (link: URL, real: URL) => boolean>> = {
  'graph.nextLink=other-host': ({ host }) => host === 'graph.evil.example',
  'graph.nextLink=suffix-host': ({ hostname }, real) => hostname === `${real.hostname}.evil.example`,
  'graph.nextLink=userinfo': ({ hostname, username, href }, real) =>
    hostname === 'graph.evil.example' && username === real.hostname && href.startsWith(real.origin),
  'graph.nextLink=http': ({ protocol, host }, real) => protocol === 'http:' && host === real.host,
  'graph.nextLink=port': ({ hostname, port }, real) => hostname === real.hostname && port === '4443',
  'graph.nextLink=address': ({ hostname }) => hostname === '203.0.113.7',
  'graph.nextLink=no-scheme': ({ host }) => host === 'graph.evil.example',
  'graph.nextLink=other-version': ({ origin, pathname }, real) => origin === real.origin && pathname === '/v9.9/users',
  'graph.nextLink=itself': ({ origin, search }, real) =>
    origin === real.origin && search === new URL(EVERYBODY, real).search,
}

for (const [word, isWrong] of Object.entries(LINKS))
  test(`G01 ${word}: a link that a client must not follow`, async () => {
    const plain = (await ask(EVERYBODY)).body['@odata.nextLink']
    emulator.mischief.say(word as Word)
    const bent = (await ask(EVERYBODY)).body['@odata.nextLink']
    assert.ok(isWrong(new URL(bent, emulator.origin), new URL(emulator.origin)), bent)
    if (word === 'graph.nextLink=no-scheme') assert.match(bent, /^\/\//)
    emulator.mischief.clear()
    assert.equal((await ask(EVERYBODY)).body['@odata.nextLink'], plain)
    assert.equal((await ask(plain)).status, 200)
  })

test('G02 graph.deltaLink=other-host|tampered: the link that the next reading begins with', async () => {
  const deltaLink = async () => {
    const { body } = await ask('/users/delta?$deltatoken=latest')
    return String(body['@odata.deltaLink'])
  }
  emulator.mischief.say('graph.deltaLink=other-host')
  assert.equal(new URL(await deltaLink()).host, 'graph.evil.example')
  emulator.mischief.clear()
  emulator.mischief.say('graph.deltaLink=tampered')
  const tampered = await deltaLink()
  assert.equal(new URL(tampered).origin, emulator.origin)
  emulator.mischief.clear()
  assertError(await ask(tampered), 400, 'BadRequest', /Invalid delta token/)
})

test('G09 graph.delta=resync: 410, and where to begin again', async () => {
  emulator.mischief.once({ word: 'graph.delta=resync' })
  const refused = await ask('/users/delta')
  assertError(refused, 410, 'resyncRequired')
  assert.equal((await ask(String(refused.headers.get('location')))).status, 200)
})

test('G09 graph.page=none: a list that ends at once, with nobody in it', async () => {
  emulator.mischief.once({ word: 'graph.page=none' })
  const { status, body } = await ask('/users?$select=id')
  assert.deepEqual([status, body.value, '@odata.nextLink' in body], [200, [], false])
  assert.equal((await ask('/users?$select=id')).body.value.length, 100)
})

test('graph.batch=missing: one question of a batch stays without answer', async () => {
  const requests = ['1', '2', '3'].map((id) => ({ id, method: 'GET', url: '/users?$top=1' }))
  const idsOf = async () =>
    ((await ask('/$batch', { body: { requests } })).body.responses as { id: string }[]).map(({ id }) => id).sort()
  assert.deepEqual(await idsOf(), ['1', '2', '3'])
  emulator.mischief.set([{ word: 'graph.batch=missing', match: { path: 'batch$' } }])
  assert.deepEqual(await idsOf(), ['1', '2'])
})

test('T16 graph.claims=wanted: 401 with a challenge that says what the next token has to carry', async () => {
  emulator.mischief.once({ word: 'graph.claims=wanted' })
  const refused = await ask('/users?$top=1')
  assertError(refused, 401, 'InvalidAuthenticationToken', /Continuous access evaluation/)
  const header = String(refused.headers.get('www-authenticate'))
  assert.match(header, /error="insufficient_claims"/)
  const [, claims = ''] = /claims="([^"]+)"/.exec(header) ?? []
  assert.equal(JSON.parse(Buffer.from(claims, 'base64').toString()).access_token.nbf.essential, true)
  assert.equal((await ask('/users?$top=1')).status, 200)
})

test('a write that is carried out and then refused is there all the same, alone and in a batch', async () => {
  const body = { displayName: 'Twice', mailNickname: 'twice', mailEnabled: false, securityEnabled: true }
  const named = async () => (await writer("/groups?$filter=displayName eq 'Twice'")).body.value.length
  const answer = { status: 429, headers: { 'retry-after': '1' }, afterwards: true }
  emulator.mischief.once({ at: 'graph', match: { method: 'POST', path: '/groups$' }, answer })
  assert.equal((await writer('/groups', { body })).status, 429)
  assert.equal(await named(), 1)
  emulator.mischief.once({ at: 'graph', match: { method: 'POST', path: '/groups$' }, answer })
  const headers = { 'content-type': 'application/json' }
  const requests = [{ id: '1', method: 'POST', url: '/groups', body, headers }]
  const { responses } = (await writer('/$batch', { body: { requests } })).body
  assert.equal(responses[0].status, 429)
  assert.equal(await named(), 2)
})

test('every word of Graph is tried above', () => {
  const source = readFileSync(import.meta.filename, 'utf8')
  const tried = (word: Word) => {
    const [stem = '', value = ''] = word.split('=')
    return word in LINKS || new RegExp(`${stem.replace('.', '\\.')}=(?:[\\w-]+\\|)*${value}['|:]`).test(source)
  }
  assert.deepEqual(
    WORDS.filter((word) => word.startsWith('graph.') && !tried(word)),
    [],
  )
})
