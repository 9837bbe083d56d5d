import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { delegatedScopesOf } from '#emulator/directory/permission-grants.ts'
import type { ServicePrincipal } from '#emulator/directory/types.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import type { Challenge, Subscription } from '#emulator/graph/subscriptions/subscription.ts'
import type { World } from '#emulator/world.ts'

/** Microsoft names no figure; its sketch ends with a challenge every quarter of an hour. */
const AHEAD_MILLISECONDS = 15 * 60_000

export const needsOf = ({ kind }: Pick<Subscription, 'kind'>) =>
  kind === 'user' ? NEEDS.readUsersFully : NEEDS.readGroupsFully

const principalOf = ({ contents, appId }: Subscription): ServicePrincipal | undefined =>
  contents.servicePrincipals.get(contents.servicePrincipalsByAppId.get(appId) ?? '')

/** Until it expires, or the tenant is reset. */
export const isLive = ({ directory, clock }: World, { contents, expiresAt }: Subscription): boolean =>
  directory.tenants.get(contents.tenant.id) === contents && expiresAt > clock.now()

/** Whether the application is still there, and holds what reading the resource asks for. */
function mayRead({ directory }: World, subscription: Subscription): boolean {
  const { contents, userId } = subscription
  const principal = principalOf(subscription)
  const graph = contents.servicePrincipalsByAppId.get(MICROSOFT_GRAPH)
  if (!principal?.accountEnabled || graph === undefined) return false
  const { id: tenantId } = contents.tenant
  const roles = findApplication(directory, MICROSOFT_GRAPH)?.appRoles ?? []
  const held =
    userId === null
      ? assignmentsOf(directory, tenantId, principal.id).flatMap(
          ({ appRoleId }) => roles.find(({ id }) => id === appRoleId)?.value ?? [],
        )
      : delegatedScopesOf(directory, tenantId, { clientId: principal.id, resourceId: graph, userId })
  return needsOf(subscription).allOf.every((line) => line.some((wanted) => held.includes(wanted)))
}

/** Why it has to be authorised again, as of now. */
export function challengesOf(world: World, subscription: Subscription): Challenge[] {
  const soon = world.clock.now().getTime() + AHEAD_MILLISECONDS
  return [
    ...(subscription.authorizedUntil.getTime() <= soon ? (['token'] as const) : []),
    ...(subscription.expiresAt.getTime() <= soon ? (['expiry'] as const) : []),
    ...(mayRead(world, subscription) ? [] : (['consent'] as const)),
  ]
}

/** When the clock alone brings the next of them. */
export const nextChallenge = ({ authorizedUntil, expiresAt, challenges }: Subscription): number =>
  Math.min(
    challenges.has('token') ? Number.POSITIVE_INFINITY : authorizedUntil.getTime(),
    challenges.has('expiry') ? Number.POSITIVE_INFINITY : expiresAt.getTime(),
  ) - AHEAD_MILLISECONDS

/** What happens while it is paused is lost to it, as Microsoft says. */
export const isPaused = ({ challenges }: Subscription): boolean => challenges.has('consent') || challenges.has('played')
