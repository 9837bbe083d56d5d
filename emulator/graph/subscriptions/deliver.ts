import { randomUUID } from 'node:crypto'
import { type Happening, listen } from '#emulator/directory/journal.ts'
import { type LifecycleEvent, onLifecycle } from '#emulator/directory/lifecycle.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { stamp } from '#emulator/graph/stamp.ts'
import { callOut } from '#emulator/graph/subscriptions/call-out.ts'
import { challengesOf, isLive, isPaused, nextChallenge } from '#emulator/graph/subscriptions/lifecycle.ts'
import type { Challenge, ChangeType, Subscription } from '#emulator/graph/subscriptions/subscription.ts'
import type { World } from '#emulator/world.ts'

const ANSWER_MILLISECONDS = 3_000
/** Graph goes on for four hours; here a client that is down hears of the change within half a minute of being up. */
const RETRY_MILLISECONDS = [250, 1_000, 4_000, 10_000, 15_000]
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1

type Subscriptions = Map<Guid, Subscription>

/**
 * Tells subscribers of every change from now on, and of what becomes of their subscriptions.
 * @returns what looks at all of them, which the clock, changes and the timer do by themselves
 */
export function deliverChanges(world: World, subscriptions: Subscriptions): () => void {
  let timer: NodeJS.Timeout | undefined
  const review = () => {
    for (const subscription of subscriptions.values()) reviewOne(world, subscriptions, subscription)
    clearTimeout(timer)
    const due = Math.min(...[...subscriptions.values()].map(nextChallenge)) - world.clock.now().getTime()
    if (Number.isFinite(due)) timer = setTimeout(review, Math.min(Math.max(due, 1), MAX_TIMER_MILLISECONDS)).unref()
  }
  world.clock.onTurn(review)
  listen(world.directory, (tenantId, happening) => {
    if (subscriptions.size === 0) return
    review()
    for (const subscription of subscriptions.values())
      if (subscription.contents.tenant.id === tenantId && concerns(subscription, happening) && !isPaused(subscription))
        void deliver(world, subscriptions, change(subscription, happening))
  })
  onLifecycle(world.directory, (id, event) => {
    const subscription = subscriptions.get(id)
    if (!subscription || !isLive(world, subscription)) return false
    if (event === 'subscriptionRemoved') subscriptions.delete(id)
    if (event === 'reauthorizationRequired') challenge(world, subscriptions, subscription, ['played'])
    else tell(world, subscriptions, subscription, event)
    return true
  })
  return review
}

function reviewOne(world: World, subscriptions: Subscriptions, subscription: Subscription): void {
  if (!isLive(world, subscription)) subscriptions.delete(subscription.id)
  else {
    const fresh = challengesOf(world, subscription).filter((reason) => !subscription.challenges.has(reason))
    if (fresh.length > 0) challenge(world, subscriptions, subscription, fresh)
  }
}

/** Each reason is told once, until the subscription is authorised again. */
function challenge(
  world: World,
  subscriptions: Subscriptions,
  subscription: Subscription,
  reasons: readonly Challenge[],
): void {
  subscriptions.set(subscription.id, {
    ...subscription,
    challenges: new Set([...subscription.challenges, ...reasons]),
  })
  tell(world, subscriptions, subscription, 'reauthorizationRequired')
}

function tell(world: World, subscriptions: Subscriptions, subscription: Subscription, event: LifecycleEvent): void {
  const { lifecycleNotificationUrl: url } = subscription
  if (url !== null)
    void deliver(world, subscriptions, {
      subscription,
      url,
      isLast: event === 'subscriptionRemoved',
      item: { lifecycleEvent: event },
    })
}

/** What is created in the directory is told as updated. */
const changeTypeOf = (what: Happening['what']): ChangeType => (what === 'deleted' ? 'deleted' : 'updated')

const concerns = ({ kind, objectId, changeTypes }: Subscription, happening: Happening): boolean =>
  kind === happening.kind &&
  (objectId === null || objectId === happening.id) &&
  (changeTypes.includes(changeTypeOf(happening.what)) ||
    (happening.what === 'created' && changeTypes.includes('created')))

/** `isLast`: the subscription is gone, and this says so. */
type Notification = { subscription: Subscription; url: string; isLast: boolean; item: object }

/** @see https://learn.microsoft.com/graph/change-notifications-delivery-webhooks */
function change(subscription: Subscription, { id, what, kind }: Happening): Notification {
  const [set, type] = kind === 'user' ? ['Users', 'User'] : ['Groups', 'Group']
  return {
    subscription,
    url: subscription.notificationUrl,
    isLast: false,
    item: {
      id: randomUUID(),
      changeType: changeTypeOf(what),
      resource: `${set}/${id}`,
      resourceData: { '@odata.type': `#Microsoft.Graph.${type}`, '@odata.id': `${set}/${id}`, id },
    },
  }
}

async function deliver(
  world: World,
  subscriptions: Subscriptions,
  { subscription, url, item, isLast }: Notification,
): Promise<void> {
  const { id, contents, expiresAt, clientState } = subscription
  const body = JSON.stringify({
    value: [
      {
        ...item,
        clientState,
        subscriptionExpirationDateTime: stamp(expiresAt),
        subscriptionId: id,
        tenantId: contents.tenant.id,
      },
    ],
  })
  for (const pause of [...RETRY_MILLISECONDS, null]) {
    const reply = await callOut(url, {
      contentType: 'application/json',
      body,
      timeoutMilliseconds: ANSWER_MILLISECONDS,
    })
    if (pause === null || (reply && reply.status >= 200 && reply.status < 300)) return
    await new Promise<void>((resolve) => void setTimeout(resolve, pause).unref())
    const known = subscriptions.get(id)
    if (!isLast && (!known || !isLive(world, known))) return
  }
}
