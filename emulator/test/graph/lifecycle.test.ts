import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { openSubscriber } from '#emulator/test/graph/subscriber.ts'
import { type Ask, asApp, assertError, FABRIKAM, graphEstate, NOBODY, READER } from '#emulator/test/graph/support.ts'

const emulator = await startEmulator({ estate: graphEstate })
const subscriber = await openSubscriber()
after(async () => {
  subscriber.close()
  await emulator.close()
})
beforeEach(() => {
  emulator.reset()
  subscriber.forget()
})

async function subscribe(ask: Ask, minutes: number, more: object = {}) {
  const made = await ask('/subscriptions', {
    body: {
      changeType: 'updated',
      notificationUrl: `${subscriber.url}/changes`,
      lifecycleNotificationUrl: `${subscriber.url}/lifecycle`,
      resource: 'users',
      expirationDateTime: new Date(emulator.clock.now().getTime() + minutes * 60_000).toISOString(),
      clientState: 'only-we-know',
      ...more,
    },
  })
  assert.equal(made.status, 201, made.text)
  return made.body
}
/** Everything of the past is told before this, so that what was not told never will be. */
async function toldOfAChange(before: number): Promise<Record<string, unknown>[]> {
  const enabled = emulator.clock.now().getTime() % 2 === 0
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: 'uma@fabrikam.example', enabled })
  const told = await subscriber.toldAtLeast(before + 1)
  return told.slice(before)
}
const events = () => subscriber.told().map(({ lifecycleEvent, at }) => [at, lifecycleEvent])
const CHALLENGE = ['/lifecycle', 'reauthorizationRequired']

test('before the token runs out a challenge comes, once, and reauthorize answers it', async () => {
  const made = await subscribe(await asApp(emulator, READER), 10_000)
  assert.equal(subscriber.handshakes.length, 2, 'both addresses shake hands')
  emulator.clock.advance({ minutes: 100 })
  const [challenge] = await subscriber.toldAtLeast(1)
  assert.deepEqual(challenge, {
    at: '/lifecycle',
    lifecycleEvent: 'reauthorizationRequired',
    clientState: 'only-we-know',
    subscriptionExpirationDateTime: made.expirationDateTime,
    subscriptionId: made.id,
    tenantId: FABRIKAM,
  })
  const [next] = await toldOfAChange(1)
  assert.equal(next?.at, '/changes', 'changes go on meanwhile, and the challenge is not repeated')
  const late = await asApp(emulator, READER)
  assert.equal((await late(`/subscriptions/${made.id}/reauthorize`, { method: 'POST' })).status, 204)
  emulator.clock.advance({ minutes: 100 })
  assert.deepEqual(
    (await subscriber.toldAtLeast(3)).slice(2).map(({ lifecycleEvent }) => lifecycleEvent),
    ['reauthorizationRequired'],
  )
  const { body } = await (await asApp(emulator, READER))(`/subscriptions/${made.id}`)
  assert.equal(body.expirationDateTime, made.expirationDateTime, 'reauthorize does not renew')
})

test('before it expires a challenge comes; renewed it lives on, and otherwise it is gone', async () => {
  const ask = await asApp(emulator, READER)
  const made = await subscribe(ask, 30)
  emulator.clock.advance({ minutes: 16 })
  await subscriber.toldAtLeast(1)
  assert.deepEqual(events(), [CHALLENGE])
  const expirationDateTime = new Date(emulator.clock.now().getTime() + 3 * 86_400_000).toISOString()
  assert.equal((await ask(`/subscriptions/${made.id}`, { method: 'PATCH', body: { expirationDateTime } })).status, 200)
  assertError(
    await ask(`/subscriptions/${made.id}`, {
      method: 'PATCH',
      body: { expirationDateTime, lifecycleNotificationUrl: `${subscriber.url}/other` },
    }),
    400,
    'Request_BadRequest',
  )
  emulator.clock.advance({ days: 4 })
  const late = await asApp(emulator, READER)
  assertError(await late(`/subscriptions/${made.id}/reauthorize`, { method: 'POST' }), 404, 'Request_ResourceNotFound')
})

test('consent that is withdrawn ends delivery with a challenge; what happens meanwhile is lost', async () => {
  const permission = { tenant: FABRIKAM, app: NOBODY, permission: 'User.Read.All' }
  await emulator.directory.grantPermission(permission)
  const ask = await asApp(emulator, NOBODY)
  const made = await subscribe(ask, 60)
  await emulator.directory.revokePermission(permission)
  await subscriber.toldAtLeast(1)
  assert.deepEqual(events(), [CHALLENGE])
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: 'adam@fabrikam.example', enabled: false })
  const reauthorize = async () =>
    (await asApp(emulator, NOBODY))(`/subscriptions/${made.id}/reauthorize`, { method: 'POST' })
  assertError(await reauthorize(), 403, 'Authorization_RequestDenied')
  await emulator.directory.grantPermission(permission)
  assert.equal((await reauthorize()).status, 204)
  const { body: uma } = await (await asApp(emulator, READER))('/users/uma@fabrikam.example')
  const [next] = await toldOfAChange(1)
  assert.equal(next?.resource, `Users/${uma.id}`, 'adam’s change was lost')
})

test('removal and missed notifications, which Outlook and Teams have, can be played', async () => {
  const ask = await asApp(emulator, READER)
  const made = await subscribe(ask, 60)
  const play = (event: 'missed' | 'reauthorizationRequired' | 'subscriptionRemoved') =>
    emulator.directory.sendLifecycleEvent({ subscription: made.id, event })
  await play('missed')
  await subscriber.toldAtLeast(1)
  await play('reauthorizationRequired')
  await subscriber.toldAtLeast(2)
  await emulator.directory.setUserEnabled({ tenant: FABRIKAM, user: 'adam@fabrikam.example', enabled: false })
  assert.equal((await ask(`/subscriptions/${made.id}/reauthorize`, { method: 'POST' })).status, 204)
  assert.equal((await toldOfAChange(2))[0]?.at, '/changes', 'paused until then')
  await play('subscriptionRemoved')
  await subscriber.toldAtLeast(4)
  assert.deepEqual(events(), [
    ['/lifecycle', 'missed'],
    CHALLENGE,
    ['/changes', undefined],
    ['/lifecycle', 'subscriptionRemoved'],
  ])
  assertError(await ask(`/subscriptions/${made.id}`), 404, 'Request_ResourceNotFound')
  await assert.rejects(play('missed'), /no subscription/)
})

test('without an address for it nothing is said', async () => {
  const ask = await asApp(emulator, READER)
  await subscribe(ask, 30, { lifecycleNotificationUrl: null })
  emulator.clock.advance({ minutes: 20 })
  assert.equal((await toldOfAChange(0))[0]?.at, '/changes')
  assert.equal(subscriber.told().length, 1)
})
