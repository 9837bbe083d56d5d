import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { request } from '#graph/request.ts'
import { sdkClient } from '#graph/sdk-client.ts'
import { urlOf } from '#graph/url-of.ts'
import { userPages } from '#graph/users.ts'
import { recordingClock } from '#test/graph/support/recording-clock.ts'
import { openHost } from '#test/outbound/support/open-host.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { FABRIKAM } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const gates = await openGates({ after }, { clock: recordingClock() })
const { emulator, cloud } = gates
const evil = await openHost({ after })
await consent(gates, FABRIKAM)
const graph = gates.graphIn(FABRIKAM)
afterEach(() => emulator.mischief.clear())

const { port, host } = new URL(emulator.origin)
const FOREIGN = [
  `${evil.origin}/v1.0/users`,
  `https://localhost:${port}.evil.example/v1.0/users`,
  `https://graph.microsoft.com.evil.example/v1.0/users`,
  `https://${host}@${new URL(evil.origin).host}/v1.0/users`,
  `https://token@${host}/v1.0/users`,
  `https://:token@${host}/v1.0/users`,
  `http://${host}/v1.0/users`,
  `https://127.0.0.1:${port}/v1.0/users`,
  `https://localhost.:${port}/v1.0/users`,
  `//${new URL(evil.origin).host}/v1.0/users`,
  `${emulator.origin}/beta/users`,
  `${emulator.origin}/v1.0/../beta/users`,
  `${emulator.origin}/v1.0`,
  `${emulator.origin}/v1.0.evil/users`,
  `${emulator.origin}/common/oauth2/v2.0/token`,
  `${emulator.origin}/_emulator/reset`,
  'javascript:alert(1)',
  'users?$skiptoken=x',
  '',
]

for (const link of FOREIGN)
  test(`G01 a next link that leads elsewhere is not followed: ${link.replaceAll(/:\d+/g, '') || 'nothing'}`, async () => {
    emulator.requests.clear()
    emulator.mischief.once({ at: 'graph', match: { path: '/v1.0/users' }, nextLink: link })
    let users = 0
    const { retry } = await refusedWith('ORIGIN_REFUSED', async () => {
      for await (const { items } of userPages(graph)) users += items.length
    })
    assert.equal(retry, 'never')
    assert.equal(users, 999, 'the page itself was honest')
    assert.equal(emulator.requests.list({ path: '^/(v1.0|beta)' }).length, 1)
    assert.equal(evil.connections(), 0)
  })

test('G02 a link that was kept is judged as if it had just come, before a token is fetched for it', async () => {
  const tokenless = { ...graph, token: () => assert.fail('a token was asked for') }
  for (const link of FOREIGN.filter((one) => one !== ''))
    await refusedWith('ORIGIN_REFUSED', () => request(tokenless, { path: link }))
  assert.equal(evil.connections(), 0)
})

test('G03 where Graph redirects to, the token does not go', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    emulator.mischief.once({
      at: 'graph',
      match: { path: '/v1.0/users' },
      answer: { status, headers: { location: `${evil.origin}/v1.0/users` } },
    })
    await refusedWith('ORIGIN_REFUSED', () => request(graph, { path: '/users' }))
  }
  assert.equal(evil.connections(), 0)
  for (const [location, code] of [
    ['https://login.microsoftonline.com/', 'ORIGIN_REFUSED'],
    ['//evil.example/v1.0/users', 'ORIGIN_REFUSED'],
    ['https://:nothing', 'ORIGIN_REFUSED'],
    ['/beta/users', 'ORIGIN_REFUSED'],
    ['/v1.0/people', 'GRAPH_REFUSED'],
  ] as const) {
    const answer = { status: 302, headers: { location } }
    emulator.mischief.once({ at: 'graph', match: { path: '/v1.0/users' }, answer })
    emulator.requests.clear()
    await refusedWith(code, () => request(graph, { path: '/users' }))
    assert.equal(emulator.requests.list({ path: '^/(v1.0|beta)' }).length, 1, `${location} is not followed`)
  }
})

test('G01 Microsoft’s own client, as we hand it out, follows no foreign link either', async () => {
  const client = sdkClient(graph)
  const page = await client.api('/users?$top=5').get()
  assert.equal(page.value.length, 5)
  for (const link of [`${evil.origin}/v1.0/users`, `https://${host}@${new URL(evil.origin).host}/v1.0/users`])
    await assert.rejects(async () => client.api(link).get())
  assert.equal(evil.connections(), 0)
})

test('an address is made for the configured cloud, whatever the path holds', () => {
  assert.equal(urlOf({ cloud }, '/users'), `${emulator.origin}/v1.0/users`)
  assert.equal(
    urlOf({ cloud }, `${emulator.origin}/v1.0/users?$skiptoken=a%2Fb`),
    `${emulator.origin}/v1.0/users?$skiptoken=a%2Fb`,
  )
})
