import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, noContent } from '#emulator/graph/call.ts'
import { GraphError, notEmulated, notFound } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { checkPermission, NEEDS } from '#emulator/graph/permissions.ts'
import { get, patch, post, type Route, remove } from '#emulator/graph/route.ts'
import { stamp } from '#emulator/graph/stamp.ts'
import { callOut, isCallable } from '#emulator/graph/subscriptions/call-out.ts'
import { isLive, needsOf } from '#emulator/graph/subscriptions/lifecycle.ts'
import type { ChangeType, Subscription } from '#emulator/graph/subscriptions/subscription.ts'

/** @see https://learn.microsoft.com/graph/api/resources/subscription */
const SUBSCRIPTION: EntityType<Subscription> = {
  name: 'subscription',
  properties: {
    id: { read: (subscription) => subscription.id, shown: true },
    resource: { read: (subscription) => subscription.resource, shown: true },
    applicationId: { read: (subscription) => subscription.appId, shown: true },
    changeType: { read: (subscription) => subscription.changeTypes.join(','), shown: true },
    /** Shown to nobody after its creation. */
    clientState: { read: () => null, shown: true },
    notificationUrl: { read: (subscription) => subscription.notificationUrl, shown: true },
    notificationQueryOptions: { read: () => null, shown: true },
    lifecycleNotificationUrl: { read: (subscription) => subscription.lifecycleNotificationUrl, shown: true },
    expirationDateTime: { read: (subscription) => stamp(subscription.expiresAt), shown: true },
    creatorId: { read: (subscription) => subscription.creatorId, shown: true },
    includeResourceData: { read: () => null, shown: true },
    latestSupportedTlsVersion: { read: () => 'v1_2', shown: true },
    encryptionCertificate: { read: () => null, shown: true },
    encryptionCertificateId: { read: () => null, shown: true },
    notificationUrlAppId: { read: () => null, shown: true },
  },
}

const MAX_MINUTES = 41_760
const HANDSHAKE_MILLISECONDS = 10_000
const CHANGE_TYPES: readonly ChangeType[] = ['created', 'updated', 'deleted']

const created = z.object({
  changeType: z.string().min(1),
  notificationUrl: z.string().min(1),
  lifecycleNotificationUrl: z.string().nullish(),
  resource: z.string().min(1),
  expirationDateTime: z.iso.datetime({ offset: true }),
  clientState: z.string().max(128).nullish(),
  latestSupportedTlsVersion: z.string().nullish(),
  includeResourceData: z.literal(false).nullish(),
})
const changed = z.object({
  expirationDateTime: z.iso.datetime({ offset: true }),
  lifecycleNotificationUrl: z.never().optional(),
})

async function create(call: Call): Promise<Answer> {
  const given = await readBody(call, created, SUBSCRIPTION)
  const { kind, objectId } = readResource(call, given.resource)
  checkPermission(call.caller, needsOf({ kind }))
  const subscription: Subscription = {
    id: randomUUID(),
    appId: call.caller.application.appId,
    creatorId: call.caller.user?.id ?? call.caller.servicePrincipal.id,
    userId: call.caller.user?.id ?? null,
    contents: call.contents,
    changeTypes: readChangeTypes(given.changeType),
    resource: given.resource,
    kind,
    objectId,
    notificationUrl: given.notificationUrl,
    lifecycleNotificationUrl: given.lifecycleNotificationUrl ?? null,
    expiresAt: readExpiry(call, given.expirationDateTime),
    authorizedUntil: call.caller.until,
    challenges: new Set(),
    clientState: given.clientState ?? null,
  }
  await shakeHands(subscription.notificationUrl)
  if (subscription.lifecycleNotificationUrl !== null) await shakeHands(subscription.lifecycleNotificationUrl)
  keep(call, subscription)
  return entity(call, { type: SUBSCRIPTION, item: subscription, context: 'subscriptions', status: 201 })
}

const KINDS = new Map([
  ['users', 'user'],
  ['groups', 'group'],
] as const) as ReadonlyMap<string, Subscription['kind']>

/** `users`, `groups`, or one of them. @throws GraphError 501 for what cannot be subscribed to here */
function readResource(call: Call, resource: string): Pick<Subscription, 'kind' | 'objectId'> {
  const [set = '', objectId, ...rest] = resource.replace(/^\/+|\/+$/g, '').split('/')
  const kind = KINDS.get(set.toLowerCase())
  if (!kind || rest.length > 0) throw notEmulated(call.method, `/subscriptions to ${resource}`)
  const objects = kind === 'user' ? call.contents.users : call.contents.groups
  if (objectId !== undefined && !objects.has(objectId.toLowerCase())) throw notFound(objectId)
  return { kind, objectId: objectId?.toLowerCase() ?? null }
}

function readChangeTypes(text: string): ChangeType[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const unknown = names.find((name) => !CHANGE_TYPES.some((known) => known === name))
  if (unknown !== undefined) throw invalid(`Invalid 'changeType' attribute: '${unknown}'.`)
  return CHANGE_TYPES.filter((known) => names.includes(known))
}

function readExpiry({ world }: Call, text: string): Date {
  const at = new Date(text)
  const now = world.clock.now().getTime()
  if (at.getTime() <= now) throw invalid('Subscription expiration must be in the future.')
  if (at.getTime() > now + MAX_MINUTES * 60_000)
    throw invalid(`Subscription expiration can only be ${MAX_MINUTES} minutes in the future.`)
  return at
}

/** Whoever wants notifications proves that the address listens: it says the token back, decoded, as plain text. */
async function shakeHands(address: string): Promise<void> {
  if (!isCallable(address)) throw invalid("The 'notificationUrl' must be an https address.")
  const token = `Validation: Testing client application reachability for subscription. Id: ${randomBytes(12).toString('hex')} + %/&`
  const url = new URL(address)
  const query = `validationToken=${encodeURIComponent(token)}`
  url.search = url.search === '' ? query : `${url.search}&${query}`
  const reply = await callOut(url.href, {
    contentType: 'text/plain; charset=utf-8',
    body: '',
    timeoutMilliseconds: HANDSHAKE_MILLISECONDS,
  })
  const failed = 'Subscription validation request failed.'
  if (!reply) throw invalid(`${failed} The notification endpoint did not answer within 10 seconds.`)
  if (reply.status !== 200) throw invalid(`${failed} Must respond with 200 OK to this request.`)
  if (!reply.contentType.toLowerCase().startsWith('text/plain') || reply.body !== token)
    throw invalid(`${failed} Response must exactly match validationToken query parameter.`)
}

const invalid = (message: string): GraphError => new GraphError(400, 'ValidationError', message)

const ofCaller = ({ world, state, caller, contents }: Call): Subscription[] =>
  [...state.subscriptions.values()].filter(
    (subscription) =>
      subscription.contents === contents &&
      subscription.appId === caller.application.appId &&
      isLive(world, subscription),
  )

function subscriptionIn(call: Call): Subscription {
  const found = ofCaller(call).find(({ id }) => id === call.params.id?.toLowerCase())
  if (!found) throw notFound(call.params.id ?? '')
  return found
}

async function renew(call: Call): Promise<Answer> {
  const known = subscriptionIn(call)
  const { expirationDateTime } = await readBody(call, changed, SUBSCRIPTION)
  const renewed = { ...known, expiresAt: readExpiry(call, expirationDateTime), ...authorize(call, known) }
  keep(call, renewed)
  return entity(call, { type: SUBSCRIPTION, item: renewed, context: 'subscriptions' })
}

function keep({ state }: Call, subscription: Subscription): void {
  state.subscriptions.set(subscription.id, subscription)
  state.reviewSubscriptions()
}

/** Answers every challenge, if the caller may read what it is about. @throws GraphError 403 */
function authorize({ caller }: Call, known: Subscription): Pick<Subscription, 'authorizedUntil' | 'challenges'> {
  checkPermission(caller, needsOf(known))
  return { authorizedUntil: caller.until, challenges: new Set() }
}

/** Its end stays where it is. @see https://learn.microsoft.com/graph/api/subscription-reauthorize */
function reauthorize(call: Call): Answer {
  const known = subscriptionIn(call)
  keep(call, { ...known, ...authorize(call, known) })
  return noContent()
}

export const subscriptionRoutes: readonly Route[] = [
  get('subscriptions', NEEDS.none, (call) =>
    collection(call, { type: SUBSCRIPTION, items: ofCaller(call), context: 'subscriptions' }),
  ),
  get('subscriptions/{id}', NEEDS.none, (call) =>
    entity(call, { type: SUBSCRIPTION, item: subscriptionIn(call), context: 'subscriptions' }),
  ),
  post('subscriptions', NEEDS.none, create),
  patch('subscriptions/{id}', NEEDS.none, renew),
  remove('subscriptions/{id}', NEEDS.none, (call) => {
    call.state.subscriptions.delete(subscriptionIn(call).id)
    return noContent()
  }),
  post('subscriptions/{id}/reauthorize', NEEDS.none, reauthorize),
]
