import { directoryRoleId } from '#emulator/directory/directory-roles.ts'
import { leaveGroups } from '#emulator/directory/groups.ts'
import { note } from '#emulator/directory/journal.ts'
import { contentsOf, type Directory, type TenantContents } from '#emulator/directory/open.ts'
import { removeGrant } from '#emulator/directory/permission-grants.ts'
import { revokeSessions } from '#emulator/directory/security.ts'
import type { Guid, User } from '#emulator/directory/types.ts'

export function addUser(directory: Directory, user: User): void {
  const contents = contentsOf(directory, user.tenantId)
  contents.users.set(user.id, user)
  note(directory, contents, { kind: 'user', id: user.id, what: 'created' })
  noteRoles(directory, contents, user.id, [], user.directoryRoles)
}

export function findUser(directory: Directory, tenantId: Guid, idOrName: string): User | null {
  const contents = directory.tenants.get(tenantId)
  const key = idOrName.toLowerCase()
  return contents?.users.get(contents.users.idOf(key) ?? key) ?? null
}

/** Whoever signs in with this name, in the home tenant of the name; guests are found by their home account. */
export function findUserByName(directory: Directory, name: string): User | null {
  for (const tenantId of directory.tenants.keys()) {
    const user = findUser(directory, tenantId, name)
    if (user && user.home === null && user.userPrincipalName.toLowerCase() === name.toLowerCase()) return user
  }
  return null
}

/** The guest object that a home account has in another tenant. */
export function findGuest(directory: Directory, tenantId: Guid, home: User): User | null {
  for (const user of directory.tenants.get(tenantId)?.users.named() ?? [])
    if (user.home?.tenantId === home.tenantId && user.home.objectId === home.id) return user
  return null
}

/** Whoever can sign in is among them; generated users whom nobody changed are not. */
export const listNamedUsers = (directory: Directory, tenantId: Guid): Iterable<User> =>
  contentsOf(directory, tenantId).users.named()
export const countUsers = (directory: Directory, tenantId: Guid): number => contentsOf(directory, tenantId).users.size

export function updateUser(directory: Directory, tenantId: Guid, id: Guid, patch: Partial<User>): User | null {
  const contents = contentsOf(directory, tenantId)
  const user = contents.users.get(id)
  if (!user) return null
  const changed = { ...user, ...patch, id: user.id, tenantId: user.tenantId }
  contents.users.set(id, changed)
  const isShutOut = (user.accountEnabled && !changed.accountEnabled) || user.password !== changed.password
  if (isShutOut) revokeSessions(directory, tenantId, id)
  note(directory, contents, { kind: 'user', id, what: 'updated', before: user })
  noteRoles(directory, contents, id, user.directoryRoles, changed.directoryRoles)
  return changed
}

/** Directory roles change by who holds them. */
function noteRoles(
  directory: Directory,
  contents: TenantContents,
  id: Guid,
  before: readonly Guid[],
  after: readonly Guid[],
): void {
  for (const role of new Set([...before, ...after])) {
    if (before.includes(role) === after.includes(role)) continue
    note(directory, contents, {
      kind: 'directoryRole',
      id: directoryRoleId(contents.tenant.id, role),
      what: 'updated',
      member: { member: { id, kind: 'user' }, removed: before.includes(role) },
    })
  }
}

export function removeUser(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const contents = contentsOf(directory, tenantId)
  const user = contents.users.get(id)
  if (!user) return false
  contents.users.delete(id)
  contents.deleted.set(id, { kind: 'user', of: user, at: directory.clock.now() })
  note(directory, contents, { kind: 'user', id, what: 'deleted', before: user })
  leaveGroups(directory, tenantId, { id, kind: 'user' })
  noteRoles(directory, contents, id, user.directoryRoles, [])
  for (const [key, assignment] of contents.assignments)
    if (assignment.principalId === id) contents.assignments.delete(key)
  for (const grant of contents.grants.values()) if (grant.principalId === id) removeGrant(directory, tenantId, grant.id)
  return true
}
