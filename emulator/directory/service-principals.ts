import { removeApplication } from '#emulator/directory/applications.ts'
import { leaveGroups } from '#emulator/directory/groups.ts'
import { guidOf } from '#emulator/directory/ids.ts'
import { note } from '#emulator/directory/journal.ts'
import { contentsOf, type Deleted, type Directory } from '#emulator/directory/open.ts'
import { addGrant, removeGrant } from '#emulator/directory/permission-grants.ts'
import { revokeSessions } from '#emulator/directory/security.ts'
import type { Application, Guid, ServicePrincipal } from '#emulator/directory/types.ts'

/** Makes an application present in a tenant; each time anew, under another object id. */
export function ensureServicePrincipal(
  directory: Directory,
  tenantId: Guid,
  appId: Guid,
): { servicePrincipal: ServicePrincipal; created: boolean } {
  const known = findServicePrincipalByAppId(directory, tenantId, appId)
  if (known) return { servicePrincipal: known, created: false }
  const application = directory.applications.get(appId)
  if (!application) throw new Error(`The application ${appId} does not exist.`)
  const contents = contentsOf(directory, tenantId)
  const births = (contents.births.get(appId) ?? 0) + 1
  contents.births.set(appId, births)
  const servicePrincipal: ServicePrincipal = {
    id: guidOf('servicePrincipal', tenantId, appId, births),
    tenantId,
    appId,
    displayName: application.displayName,
    accountEnabled: true,
    appRoleAssignmentRequired: false,
    createdAt: directory.clock.now(),
  }
  contents.servicePrincipals.set(servicePrincipal.id, servicePrincipal)
  contents.servicePrincipalsByAppId.set(appId, servicePrincipal.id)
  note(directory, contents, { kind: 'servicePrincipal', id: servicePrincipal.id, what: 'created' })
  return { servicePrincipal, created: true }
}

export const findServicePrincipal = (directory: Directory, tenantId: Guid, id: Guid): ServicePrincipal | null =>
  contentsOf(directory, tenantId).servicePrincipals.get(id) ?? null

export function findServicePrincipalByAppId(
  directory: Directory,
  tenantId: Guid,
  appId: Guid,
): ServicePrincipal | null {
  const contents = contentsOf(directory, tenantId)
  return contents.servicePrincipals.get(contents.servicePrincipalsByAppId.get(appId) ?? '') ?? null
}

export const listServicePrincipals = (directory: Directory, tenantId: Guid): Iterable<ServicePrincipal> =>
  contentsOf(directory, tenantId).servicePrincipals.values()

export function updateServicePrincipal(
  directory: Directory,
  tenantId: Guid,
  id: Guid,
  patch: Partial<ServicePrincipal>,
): ServicePrincipal | null {
  const contents = contentsOf(directory, tenantId)
  const known = contents.servicePrincipals.get(id)
  if (!known) return null
  const changed = { ...known, ...patch, id, tenantId, appId: known.appId }
  contents.servicePrincipals.set(id, changed)
  if (known.accountEnabled && !changed.accountEnabled) revokeSessions(directory, tenantId, id)
  note(directory, contents, { kind: 'servicePrincipal', id, what: 'updated', before: known })
  return changed
}

/** With it go its grants and its assignments, on both sides; until it is gone for good, they can come back with it. */
export function removeServicePrincipal(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const contents = contentsOf(directory, tenantId)
  const known = contents.servicePrincipals.get(id)
  if (!known) return false
  contents.servicePrincipals.delete(id)
  contents.servicePrincipalsByAppId.delete(known.appId)
  const assignments = [...contents.assignments.values()].filter(
    ({ principalId, resourceId }) => principalId === id || resourceId === id,
  )
  const grants = [...contents.grants.values()].filter(
    ({ clientId, resourceId }) => clientId === id || resourceId === id,
  )
  contents.deleted.set(id, { kind: 'servicePrincipal', of: known, assignments, grants, at: directory.clock.now() })
  for (const assignment of assignments) contents.assignments.delete(assignment.id)
  for (const grant of grants) removeGrant(directory, tenantId, grant.id)
  note(directory, contents, { kind: 'servicePrincipal', id, what: 'deleted', before: known })
  leaveGroups(directory, tenantId, { id, kind: 'servicePrincipal' })
  return true
}

/** Under its old object id, with what it held. @returns false when the application is present again under another id */
export function restoreServicePrincipal(
  directory: Directory,
  { of, assignments, grants }: Extract<Deleted, { kind: 'servicePrincipal' }>,
): boolean {
  const contents = contentsOf(directory, of.tenantId)
  if (contents.servicePrincipalsByAppId.has(of.appId)) return false
  contents.servicePrincipals.set(of.id, of)
  contents.servicePrincipalsByAppId.set(of.appId, of.id)
  const isThere = (id: Guid) => contents.servicePrincipals.has(id) || contents.users.has(id) || contents.groups.has(id)
  note(directory, contents, { kind: 'servicePrincipal', id: of.id, what: 'created' })
  for (const assignment of assignments)
    if (isThere(assignment.principalId) && isThere(assignment.resourceId))
      contents.assignments.set(assignment.id, assignment)
  for (const grant of grants)
    if ([grant.clientId, grant.resourceId, grant.principalId ?? grant.clientId].every(isThere))
      addGrant(directory, of.tenantId, grant)
  return true
}

/** Its service principal at home goes with it; other tenants keep theirs, which no longer work. */
export function deleteApplication(directory: Directory, { appId, tenantId }: Application): boolean {
  const atHome = findServicePrincipalByAppId(directory, tenantId, appId)
  if (atHome) removeServicePrincipal(directory, tenantId, atHome.id)
  return removeApplication(directory, appId)
}
