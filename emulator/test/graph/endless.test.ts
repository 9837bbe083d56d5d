import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { asApp, assertError, graphEstate, READER, WRITER } from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
after(() => emulator.close())
const ask = await asApp(emulator, READER)
const writer = await asApp(emulator, WRITER)

/** What does not fit into an address fits into a batch. */
const inBatch = async (url: string, more: object = {}) => {
  const { status, body } = await ask('/$batch', { body: { requests: [{ id: 'a', method: 'GET', url, ...more }] } })
  assert.equal(status, 200)
  return body.responses[0]
}
const times = (count: number, text: string, joint = '') => Array.from({ length: count }, () => text).join(joint)

test('a filter that nests without end is refused, and one that is only long is not', async () => {
  for (const filter of [
    `${times(5_000, '(')}id eq 'a'${times(5_000, ')')}`,
    times(5_000, '('),
    `${times(3_000, 'not ')}id eq 'a'`,
    times(900, "id eq 'a'", ' or '),
    `${times(850, 'groupTypes/any(c:')}`,
  ])
    assert.match((await inBatch(`/groups?$filter=${filter}`)).body.error.message, /Recursion depth exceeded/)
  const advanced = { headers: { consistencylevel: 'eventual' } }
  const long = encodeURI(times(100, "mail eq 'a@b.example'", ' or '))
  assert.equal((await ask(`/users?$count=true&$filter=${long}`, advanced)).status, 200)
})

test('without the index of advanced queries a filter has fifteen alternatives at most', async () => {
  const ids = (count: number) => times(count, "'a'", ',')
  const mails = (count: number) => times(count, "mail eq 'a'", ' or ')
  for (const filter of [`id in (${ids(15)})`, mails(15), `accountEnabled eq true and (${mails(15)})`])
    assert.equal((await ask(`/users?$filter=${filter}`)).status, 200, filter)
  for (const filter of [`id in (${ids(16)})`, mails(16), `accountEnabled eq true and (${mails(16)})`])
    assertError(
      await ask(`/users?$filter=${filter}`),
      400,
      'Request_UnsupportedQuery',
      /^Too many child clauses specified in search filter expression containing 'OR' operators: 16\. Max allowed: 15\.$/,
    )
})

test('a request in a batch has an address no longer than another', async () => {
  const { status, body } = await inBatch(`/users?$select=${times(10_000, 'id', ',')}`)
  assert.deepEqual([status, body.error.message], [414, 'The request URL is too long.'])
  assert.equal((await inBatch(`/users?$top=1&$select=${times(5_000, 'id', ',')}`)).status, 200)
})

test('a body that nests without end is no JSON, in a batch as by itself', async () => {
  const deep = `${times(50_000, '{"a":')}1${times(50_000, '}')}`
  const before =
    '{"requests":[{"id":"a","method":"POST","url":"/groups","headers":{"content-type":"application/json"},"body":'
  assertError(await writer('/groups', { body: deep }), 400, 'Request_BadRequest', /Unable to read JSON request payload/)
  assertError(
    await writer('/$batch', { body: `${before}${deep}}]}` }),
    400,
    'BadRequest',
    /Invalid batch payload format/,
  )
  const description = `\\"${times(200, '[')}`
  const brackets = {
    displayName: 'Brackets',
    description,
    mailEnabled: false,
    mailNickname: 'b',
    securityEnabled: true,
  }
  assert.equal((await writer('/groups', { body: brackets })).status, 201)
})
