import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { openSubscriber } from '#emulator/test/graph/subscriber.ts'
import {
  asApp,
  assertError,
  CONTOSO,
  FABRIKAM,
  graphEstate,
  NOBODY,
  READER,
  WRITER,
} from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
const ask = await asApp(emulator, READER)
const writer = await asApp(emulator, WRITER)

const subscriber = await openSubscriber()
const notificationUrl = `${subscriber.url}/hook?of=tests`
const { handshakes, toldAtLeast } = subscriber
after(async () => {
  subscriber.close()
  await emulator.close()
})
beforeEach(() => {
  emulator.reset()
  subscriber.forget()
})

const soon = (minutes: number) => new Date(emulator.clock.now().getTime() + minutes * 60_000).toISOString()
const wanted = (more: object = {}) => ({
  changeType: 'updated,deleted',
  notificationUrl,
  resource: 'users',
  expirationDateTime: soon(60),
  clientState: 'only-we-know',
  ...more,
})

test('the address says the token back before a subscription exists, and then hears of changes', async () => {
  const made = await ask('/subscriptions', { body: wanted() })
  assert.equal(made.status, 201, made.text)
  assert.equal(made.body.applicationId, READER)
  assert.equal(handshakes.length, 1)
  assert.equal(handshakes[0]?.method, 'POST')
  assert.match(handshakes[0]?.headers['content-type'] ?? '', /^text\/plain/)
  const { body: uma } = await ask('/users/uma@fabrikam.example')
  await writer(`/users/${uma.id}`, { method: 'PATCH', body: { jobTitle: 'Pilot' } })
  const [first] = await toldAtLeast(1)
  assert.deepEqual(
    { ...first, id: null, subscriptionExpirationDateTime: null },
    {
      at: '/hook',
      id: null,
      changeType: 'updated',
      clientState: 'only-we-know',
      resource: `Users/${uma.id}`,
      resourceData: { '@odata.type': '#Microsoft.Graph.User', '@odata.id': `Users/${uma.id}`, id: uma.id },
      subscriptionExpirationDateTime: null,
      subscriptionId: made.body.id,
      tenantId: FABRIKAM,
    },
  )
  await writer(`/users/${uma.id}`, { method: 'DELETE' })
  assert.ok((await toldAtLeast(2)).some(({ changeType }) => changeType === 'deleted'))
})

test('only what was subscribed to is told: the tenant, the kind, the object', async () => {
  const { body: uma } = await ask('/users/uma@fabrikam.example')
  const { body: adam } = await ask('/users/adam@fabrikam.example')
  await ask('/subscriptions', { body: wanted({ resource: `users/${uma.id}`, changeType: 'updated' }) })
  await emulator.directory.setUserEnabled({ tenant: CONTOSO, user: 'uma@contoso.example', enabled: false })
  await writer(`/users/${adam.id}`, { method: 'PATCH', body: { jobTitle: 'x' } })
  await writer('/groups', { body: { displayName: 'G', mailEnabled: false, mailNickname: 'g', securityEnabled: true } })
  await writer(`/users/${uma.id}`, { method: 'PATCH', body: { jobTitle: 'x' } })
  const heard = await toldAtLeast(1)
  assert.deepEqual(
    heard.map(({ resource }) => resource),
    [`Users/${uma.id}`],
  )
})

test('an address that does not shake hands gets no subscription', async () => {
  const refusals: [(token: string, response: ServerResponse) => unknown, RegExp][] = [
    [(_, response) => response.writeHead(500).end(), /Must respond with 200 OK/],
    [
      (token, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(encodeURIComponent(token)),
      /must exactly match/,
    ],
    [(token, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(token), /must exactly match/],
    [(_, response) => response.destroy(), /did not answer/],
  ]
  for (const [answer, message] of refusals) {
    subscriber.answer({ handshake: (token, response) => void answer(token, response) })
    assertError(await ask('/subscriptions', { body: wanted() }), 400, 'ValidationError', message)
  }
  assert.deepEqual((await ask('/subscriptions')).body.value, [])
  for (const bad of [
    { expirationDateTime: soon(41_761) },
    { expirationDateTime: soon(-1) },
    { changeType: 'renamed' },
    { notificationUrl: 'http://elsewhere.example/hook' },
  ])
    assertError(await ask('/subscriptions', { body: wanted(bad) }), 400, 'ValidationError')
  assertError(await ask('/subscriptions', { body: wanted({ resource: 'me/messages' }) }), 501, 'NotImplemented')
  assertError(
    await (await asApp(emulator, NOBODY))('/subscriptions', { body: wanted() }),
    403,
    'Authorization_RequestDenied',
  )
})

test('it is renewed, belongs to its application, expires by the clock, and is deleted', async () => {
  const { body: made } = await ask('/subscriptions', { body: wanted() })
  assert.deepEqual((await writer('/subscriptions')).body.value, [])
  assertError(await writer(`/subscriptions/${made.id}`, { method: 'DELETE' }), 404, 'Request_ResourceNotFound')
  const later = soon(120)
  const renewed = await ask(`/subscriptions/${made.id}`, { method: 'PATCH', body: { expirationDateTime: later } })
  assert.equal(renewed.status, 200)
  assert.equal(new Date(renewed.body.expirationDateTime).getTime(), new Date(later).getTime())
  emulator.clock.advance({ hours: 3 })
  const late = await asApp(emulator, READER)
  assertError(await late(`/subscriptions/${made.id}`), 404, 'Request_ResourceNotFound')
  const { body: other } = await late('/subscriptions', { body: wanted() })
  assert.equal((await late(`/subscriptions/${other.id}`, { method: 'DELETE' })).status, 204)
  assert.deepEqual((await late('/subscriptions')).body.value, [])
})

test('a client that was down is told again', async () => {
  await ask('/subscriptions', { body: wanted() })
  let failures = 1
  subscriber.answer({
    notification: (response) => {
      failures -= 1
      response.writeHead(failures >= 0 ? 503 : 202).end()
    },
  })
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: 'uma@fabrikam.example', enabled: false })
  const heard = await toldAtLeast(2)
  assert.equal(heard[0]?.id, heard[1]?.id)
})
