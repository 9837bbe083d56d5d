import { randomUUID } from 'node:crypto'
import { type Change, listen } from '#emulator/directory/journal.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { stamp } from '#emulator/graph/stamp.ts'
import { callOut } from '#emulator/graph/subscriptions/call-out.ts'
import type { ChangeType, Subscription } from '#emulator/graph/subscriptions/subscription.ts'
import type { World } from '#emulator/world.ts'

const ANSWER_MILLISECONDS = 3_000
/** Graph goes on for four hours; here a client that is down hears of the change within half a minute of being up. */
const RETRY_MILLISECONDS = [250, 1_000, 4_000, 10_000, 15_000]

type Happening = Pick<Change, 'kind' | 'id' | 'what'>

/** Tells subscribers of every change from now on. */
export function deliverChanges(world: World, subscriptions: Map<Guid, Subscription>): void {
  listen(world.directory, (tenantId, happening) => {
    for (const subscription of subscriptions.values()) {
      if (!isLive(world, subscription)) subscriptions.delete(subscription.id)
      else if (subscription.contents.tenant.id === tenantId && concerns(subscription, happening))
        void deliver(world, subscriptions, notification(subscription, happening))
    }
  })
}

/** Until it expires, the tenant is reset, or the application loses its presence. */
export function isLive({ directory, clock }: World, { contents, appId, expiresAt }: Subscription): boolean {
  const principal = contents.servicePrincipals.get(contents.servicePrincipalsByAppId.get(appId) ?? '')
  return (
    directory.tenants.get(contents.tenant.id) === contents &&
    expiresAt > clock.now() &&
    principal?.accountEnabled === true
  )
}

/** What is created in the directory is told as updated. */
const changeTypeOf = (what: Change['what']): ChangeType => (what === 'deleted' ? 'deleted' : 'updated')

const concerns = ({ kind, objectId, changeTypes }: Subscription, happening: Happening): boolean =>
  kind === happening.kind &&
  (objectId === null || objectId === happening.id) &&
  (changeTypes.includes(changeTypeOf(happening.what)) ||
    (happening.what === 'created' && changeTypes.includes('created')))

type Notification = { subscriptionId: Guid; url: string; body: string }

/** @see https://learn.microsoft.com/graph/change-notifications-delivery-webhooks */
function notification(subscription: Subscription, { id, what, kind }: Happening): Notification {
  const [set, type] = kind === 'user' ? ['Users', 'User'] : ['Groups', 'Group']
  return {
    subscriptionId: subscription.id,
    url: subscription.notificationUrl,
    body: JSON.stringify({
      value: [
        {
          id: randomUUID(),
          changeType: changeTypeOf(what),
          clientState: subscription.clientState,
          resource: `${set}/${id}`,
          resourceData: { '@odata.type': `#Microsoft.Graph.${type}`, '@odata.id': `${set}/${id}`, id },
          subscriptionExpirationDateTime: stamp(subscription.expiresAt),
          subscriptionId: subscription.id,
          tenantId: subscription.contents.tenant.id,
        },
      ],
    }),
  }
}

async function deliver(
  world: World,
  subscriptions: Map<Guid, Subscription>,
  { subscriptionId, url, body }: Notification,
): Promise<void> {
  for (const pause of [...RETRY_MILLISECONDS, null]) {
    const reply = await callOut(url, {
      contentType: 'application/json',
      body,
      timeoutMilliseconds: ANSWER_MILLISECONDS,
    })
    if (pause === null || (reply && reply.status >= 200 && reply.status < 300)) return
    await new Promise<void>((resolve) => void setTimeout(resolve, pause).unref())
    const subscription = subscriptions.get(subscriptionId)
    if (!subscription || !isLive(world, subscription)) return
  }
}
