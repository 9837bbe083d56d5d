import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { asApp, assertError, graphEstate, NOBODY, READER, WRITER } from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
beforeEach(() => emulator.reset())
const ask = await asApp(emulator, READER)
const writer = await asApp(emulator, WRITER)

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Response = { id: string; status: number; headers: Record<string, string>; body: any }
const batch = async (requests: object[], client = ask) => {
  const answer = await client('/$batch', { body: { requests } })
  assert.equal(answer.status, 200, answer.text)
  const responses: Response[] = answer.body.responses
  return new Map(responses.map((response) => [response.id, response]))
}

test('a batch answers each request for itself: found, forbidden, unknown, and with headers of its own', async () => {
  const responses = await batch([
    { id: 'one', method: 'GET', url: '/users?$top=2&$select=id' },
    { id: 'two', method: 'get', url: 'users/nobody@fabrikam.example' },
    { id: 'three', method: 'GET', url: '/organization' },
    { id: 'four', method: 'GET', url: '/nothing/here' },
    {
      id: 'five',
      method: 'GET',
      url: "/users?$count=true&$filter=endsWith(mail,'x')",
      headers: { consistencyLevel: 'eventual' },
    },
    { id: 'six', method: 'GET', url: '/users/$count', headers: { ConsistencyLevel: 'eventual' } },
  ])
  assert.deepEqual(
    ['one', 'two', 'three', 'four', 'five', 'six'].map((id) => responses.get(id)?.status),
    [200, 404, 403, 501, 200, 200],
  )
  assert.equal(responses.get('one')?.body.value.length, 2)
  assert.equal(Buffer.from(responses.get('six')?.body, 'base64').toString(), '1205')
  assert.ok(Number(responses.get('one')?.headers['x-ms-resource-unit']) >= 1)
})

test('answers come in another order than the questions', async () => {
  const responses = await batch([1, 2, 3].map((id) => ({ id: String(id), method: 'GET', url: '/users?$top=1' })))
  assert.notDeepEqual([...responses.keys()], ['1', '2', '3'])
})

test('what depends on a failure fails with 424, and what depends on a success is done after it', async () => {
  const create = {
    id: 'make',
    method: 'POST',
    url: '/groups',
    headers: { 'Content-Type': 'application/json' },
    body: { displayName: 'Batch', mailEnabled: false, mailNickname: 'batch', securityEnabled: true },
  }
  const responses = await batch(
    [
      create,
      { id: 'see', method: 'GET', url: "/groups?$filter=displayName eq 'Batch'", dependsOn: ['make'] },
      { id: 'fail', method: 'GET', url: '/groups/none', dependsOn: ['see'] },
      { id: 'never', method: 'DELETE', url: '/groups/none', dependsOn: ['fail'] },
    ],
    writer,
  )
  assert.deepEqual(
    ['make', 'see', 'fail', 'never'].map((id) => responses.get(id)?.status),
    [201, 200, 404, 424],
  )
  assert.equal(responses.get('see')?.body.value.length, 1)
})

test('a batch that is none is refused whole', async () => {
  const get = { method: 'GET', url: '/users?$top=1' }
  const send = (requests: unknown) => ask('/$batch', { body: { requests } })
  assertError(
    await send(Array.from({ length: 21 }, (_, id) => ({ ...get, id: String(id) }))),
    400,
    'BadRequest',
    /maximum value of 20/,
  )
  assertError(await send([]), 400, 'BadRequest')
  assertError(
    await send([
      { ...get, id: 'a' },
      { ...get, id: 'A' },
    ]),
    400,
    'BadRequest',
    /Duplicate/,
  )
  assertError(await send([{ id: 'a', method: 'POST', url: '/groups', body: {} }]), 400, 'BadRequest', /Content-Type/)
  assertError(await send([{ ...get, id: 'a', dependsOn: ['b'] }]), 400, 'BadRequest')
  assertError(await ask('/$batch', { body: 'no json' }), 400, 'BadRequest')
  const responses = await batch([
    { id: 'a', method: 'GET', url: 'https://evil.example/v1.0/users' },
    {
      id: 'b',
      method: 'POST',
      url: '/$batch',
      headers: { 'content-type': 'application/json' },
      body: { requests: [] },
    },
  ])
  assert.deepEqual([responses.get('a')?.status, responses.get('b')?.status], [400, 400])
})

test('mischief and throttling strike items, while the batch itself succeeds', async () => {
  emulator.mischief.set([
    {
      at: 'graph',
      match: { path: '/groups$' },
      times: 1,
      answer: {
        status: 429,
        headers: { 'Retry-After': '3' },
        body: '{"error":{"code":"TooManyRequests","message":""}}',
      },
    },
  ])
  const requests = [
    { id: 'u', method: 'GET', url: '/users?$top=1' },
    { id: 'g', method: 'GET', url: '/groups' },
  ]
  const struck = await batch(requests)
  assert.deepEqual([struck.get('u')?.status, struck.get('g')?.status], [200, 429])
  assert.equal(struck.get('g')?.headers['Retry-After'], '3')
  assert.equal((await batch(requests)).get('g')?.status, 200)
})

test('the dollar of a batch may be percent-encoded', async () => {
  const { body } = await ask('/%24batch', { body: { requests: [{ id: 'a', method: 'GET', url: '/%24batch' }] } })
  assert.equal(body.responses[0].body.error.message, 'Nested batch requests are not supported.')
})

test('a batch needs a token, not a permission', async () => {
  const nobody = await asApp(emulator, NOBODY)
  assert.equal((await batch([{ id: 'a', method: 'GET', url: '/users' }], nobody)).get('a')?.status, 403)
})
