import { deltaRoutes } from '#emulator/graph/delta/routes.ts'
import { segmentsOf } from '#emulator/graph/path.ts'
import { appRoleAssignmentRoutes } from '#emulator/graph/resources/app-role-assignments.ts'
import { applicationWriteRoutes } from '#emulator/graph/resources/application-writes.ts'
import { applicationRoutes } from '#emulator/graph/resources/applications.ts'
import { credentialRoutes } from '#emulator/graph/resources/credentials.ts'
import { deletedItemRoutes } from '#emulator/graph/resources/deleted-items.ts'
import { directoryObjectRoutes } from '#emulator/graph/resources/directory-objects.ts'
import { directoryRoleRoutes } from '#emulator/graph/resources/directory-roles.ts'
import { federatedCredentialRoutes } from '#emulator/graph/resources/federated-credentials.ts'
import { groupWriteRoutes } from '#emulator/graph/resources/group-writes.ts'
import { groupRoutes } from '#emulator/graph/resources/groups.ts'
import { licenceRoutes } from '#emulator/graph/resources/licences.ts'
import { memberRoutes } from '#emulator/graph/resources/members.ts'
import { membershipRoutes } from '#emulator/graph/resources/memberships.ts'
import { organizationRoutes } from '#emulator/graph/resources/organization.ts'
import { ownerRoutes } from '#emulator/graph/resources/owners.ts'
import { permissionGrantRoutes } from '#emulator/graph/resources/permission-grants.ts'
import { servicePrincipalRoutes } from '#emulator/graph/resources/service-principals.ts'
import { userWriteRoutes } from '#emulator/graph/resources/user-writes.ts'
import { userRoutes } from '#emulator/graph/resources/users.ts'
import type { Route } from '#emulator/graph/route.ts'
import { subscriptionRoutes } from '#emulator/graph/subscriptions/routes.ts'

/** Everything that is emulated. What is not here is answered 501. */
export const ROUTES: readonly Route[] = [
  ...organizationRoutes,
  ...licenceRoutes,
  ...userRoutes,
  ...userWriteRoutes,
  ...membershipRoutes,
  ...groupRoutes,
  ...groupWriteRoutes,
  ...memberRoutes,
  ...ownerRoutes,
  ...servicePrincipalRoutes,
  ...appRoleAssignmentRoutes,
  ...permissionGrantRoutes,
  ...applicationRoutes,
  ...applicationWriteRoutes,
  ...credentialRoutes,
  ...federatedCredentialRoutes,
  ...directoryRoleRoutes,
  ...directoryObjectRoutes,
  ...deletedItemRoutes,
  ...deltaRoutes,
  ...subscriptionRoutes,
]

type Pattern = { route: Route; segments: readonly string[] }

/** By method and number of segments; names before places. */
const PATTERNS = new Map<string, Pattern[]>()
for (const route of ROUTES) {
  const segments = route.path.split('/').map((segment) => (isPlace(segment) ? segment : segment.toLowerCase()))
  const key = `${route.method} ${segments.length}`
  PATTERNS.set(key, [...(PATTERNS.get(key) ?? []), { route, segments }])
}
for (const patterns of PATTERNS.values())
  patterns.sort((a, b) => a.segments.filter(isPlace).length - b.segments.filter(isPlace).length)

export function findRoute(method: string, path: string): { route: Route; params: Record<string, string> } | null {
  const asked = segmentsOf(path)
  const lower = asked.map((segment) => segment.toLowerCase())
  for (const { route, segments } of PATTERNS.get(`${method} ${asked.length}`) ?? []) {
    if (!segments.every((segment, index) => isPlace(segment) || segment === lower[index])) continue
    const params: Record<string, string> = {}
    for (const [index, segment] of segments.entries())
      if (isPlace(segment)) params[segment.slice(1, -1)] = asked[index] ?? ''
    return { route, params }
  }
  return null
}

function isPlace(segment: string): boolean {
  return segment.startsWith('{')
}
