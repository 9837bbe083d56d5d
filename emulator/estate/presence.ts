import { assignAppRole } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Directory } from '#emulator/directory/open.ts'
import { addGrant } from '#emulator/directory/permission-grants.ts'
import {
  ensureServicePrincipal,
  findServicePrincipalByAppId,
  updateServicePrincipal,
} from '#emulator/directory/service-principals.ts'
import { findTenant } from '#emulator/directory/tenants.ts'
import type { Application, ServicePrincipal } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import type { Estate } from '#emulator/estate/schema.ts'

type Entry = Estate['servicePrincipals'][number]
/** One application in one tenant, and whom to tell what is wrong about it. */
type Presence = {
  directory: Directory
  application: Application
  servicePrincipal: ServicePrincipal
  complain: (mistake: string) => void
}

/** Makes an application present in a tenant, with what it was given there. */
export function loadPresence(
  directory: Directory,
  entry: Entry,
  { mistakes, seen }: { mistakes: string[]; seen: Set<string> },
): void {
  const tenant = findTenant(directory, entry.tenant)
  const application = findApplication(directory, entry.appId)
  if (!tenant || !application) {
    mistakes.push(`servicePrincipals: no ${tenant ? `application ${entry.appId}` : `tenant ${entry.tenant}`}`)
    return
  }
  const complain = (mistake: string) => mistakes.push(`servicePrincipals ${application.displayName}: ${mistake}`)
  const place = `${tenant.id} ${application.appId}`
  if (seen.has(place)) complain(`stands twice in ${tenant.displayName}`)
  seen.add(place)
  const { servicePrincipal } = ensureServicePrincipal(directory, tenant.id, application.appId)
  const { accountEnabled, appRoleAssignmentRequired } = entry
  updateServicePrincipal(directory, tenant.id, servicePrincipal.id, { accountEnabled, appRoleAssignmentRequired })
  const presence = { directory, application, servicePrincipal, complain }
  givePermissions(presence, entry)
  assignUsers(presence, entry.assignedUsers)
}

/** What an administrator has consented to, of Microsoft Graph. */
function givePermissions(
  { directory, servicePrincipal: { id: principalId, tenantId }, complain }: Presence,
  { application, delegated }: Entry,
): void {
  const graph = findApplication(directory, MICROSOFT_GRAPH)
  const resourceId = findServicePrincipalByAppId(directory, tenantId, MICROSOFT_GRAPH)?.id
  if (!graph || !resourceId) return
  for (const value of application) {
    const role = graph.appRoles.find((candidate) => candidate.value === value)
    if (!role) complain(`Microsoft Graph has no application permission '${value}'`)
    else
      assignAppRole(directory, tenantId, {
        principalId,
        principalType: 'ServicePrincipal',
        resourceId,
        appRoleId: role.id,
      })
  }
  for (const value of delegated)
    if (!graph.delegatedPermissions.some((permission) => permission.value === value))
      complain(`Microsoft Graph has no delegated permission '${value}'`)
  if (delegated.length > 0)
    addGrant(directory, tenantId, {
      clientId: principalId,
      consentType: 'AllPrincipals',
      principalId: null,
      resourceId,
      scope: delegated,
    })
}

function assignUsers(
  { directory, application, servicePrincipal, complain }: Presence,
  assignedUsers: Entry['assignedUsers'],
): void {
  const { id: resourceId, tenantId } = servicePrincipal
  for (const [value, names] of Object.entries(assignedUsers)) {
    const role = application.appRoles.find((candidate) => candidate.value === value)
    for (const name of names) {
      const user = findUser(directory, tenantId, name)
      if (!role || !user) complain(`no ${role ? `user ${name}` : `app role '${value}'`}`)
      else
        assignAppRole(directory, tenantId, {
          principalId: user.id,
          principalType: 'User',
          resourceId,
          appRoleId: role.id,
        })
    }
  }
}
