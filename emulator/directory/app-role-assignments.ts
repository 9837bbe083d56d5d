import { assignmentId, guidOf } from '#emulator/directory/ids.ts'
import { tell } from '#emulator/directory/journal.ts'
import { contentsOf, type Directory } from '#emulator/directory/open.ts'
import type { AppRoleAssignment, Guid } from '#emulator/directory/types.ts'

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

export const assignmentsTo = (directory: Directory, tenantId: Guid, resourceId: Guid): AppRoleAssignment[] =>
  [...contentsOf(directory, tenantId).assignments.values()].filter((assignment) => assignment.resourceId === resourceId)

export function removeAssignment(directory: Directory, tenantId: Guid, id: string): boolean {
  const isGone = contentsOf(directory, tenantId).assignments.delete(id)
  if (isGone) tell(directory, tenantId, { kind: 'appRoleAssignment', id, what: 'deleted' })
  return isGone
}
