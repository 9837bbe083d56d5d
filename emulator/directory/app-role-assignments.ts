import { groupsOf } from '#emulator/directory/groups.ts'
import { assignmentId, guidOf } from '#emulator/directory/ids.ts'
import { tell } from '#emulator/directory/journal.ts'
import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Application, AppRoleAssignment, Guid, User } from '#emulator/directory/types.ts'

type Assignment = Pick<AppRoleAssignment, 'principalId' | 'principalType' | 'resourceId' | 'appRoleId'>

export function assignAppRole(
  directory: Directory,
  tenantId: Guid,
  wanted: Assignment,
): { assignment: AppRoleAssignment; outcome: 'created' | 'exists' } {
  const { assignments } = contentsOf(directory, tenantId)
  const id = assignmentId(
    wanted.principalId,
    guidOf('assignment', tenantId, wanted.principalId, wanted.resourceId, wanted.appRoleId),
  )
  const known = assignments.get(id)
  if (known) return { assignment: known, outcome: 'exists' }
  const assignment = { ...wanted, id, tenantId, createdAt: directory.clock.now() }
  assignments.set(id, assignment)
  tell(directory, tenantId, { kind: 'appRoleAssignment', id, what: 'created' })
  return { assignment, outcome: 'created' }
}

export const findAssignment = (directory: Directory, tenantId: Guid, id: string): AppRoleAssignment | null =>
  contentsOf(directory, tenantId).assignments.get(id) ?? null

export const assignmentsOf = (directory: Directory, tenantId: Guid, principalId: Guid): AppRoleAssignment[] =>
  [...contentsOf(directory, tenantId).assignments.values()].filter(
    (assignment) => assignment.principalId === principalId,
  )

/** Those of the user, and of the groups that he himself is in: nesting does not count. */
export const assignmentsOfUser = (directory: Directory, { tenantId, id }: User): AppRoleAssignment[] =>
  [id, ...[...groupsOf(directory, tenantId, id)].map((group) => group.id)].flatMap((principalId) =>
    assignmentsOf(directory, tenantId, principalId),
  )

/**
 * The app roles that a user holds on an application of this tenant.
 * @see https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
 */
export function appRolesOfUser(directory: Directory, user: User, { appId, appRoles }: Application): string[] {
  const service = findServicePrincipalByAppId(directory, user.tenantId, appId)
  const held = assignmentsOfUser(directory, user).filter(({ resourceId }) => resourceId === service?.id)
  return appRoles.filter(({ id }) => held.some(({ appRoleId }) => appRoleId === id)).map(({ value }) => value)
}

export const assignmentsTo = (directory: Directory, tenantId: Guid, resourceId: Guid): AppRoleAssignment[] =>
  [...contentsOf(directory, tenantId).assignments.values()].filter((assignment) => assignment.resourceId === resourceId)

export function removeAssignment(directory: Directory, tenantId: Guid, id: string): boolean {
  const isGone = contentsOf(directory, tenantId).assignments.delete(id)
  if (isGone) tell(directory, tenantId, { kind: 'appRoleAssignment', id, what: 'deleted' })
  return isGone
}
