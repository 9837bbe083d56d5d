import { addApplication } from '#emulator/directory/applications.ts'
import { addGroup } from '#emulator/directory/groups.ts'
import { note } from '#emulator/directory/journal.ts'
import { contentsOf, type Deleted, type Directory } from '#emulator/directory/open.ts'
import { restoreServicePrincipal } from '#emulator/directory/service-principals.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { addUser } from '#emulator/directory/users.ts'

const KEPT_MILLISECONDS = 30 * 24 * 3_600_000

/** What can still be restored. @see https://learn.microsoft.com/graph/api/resources/directory */
export function listDeleted(directory: Directory, tenantId: Guid): Deleted[] {
  const oldest = directory.clock.now().getTime() - KEPT_MILLISECONDS
  return [...contentsOf(directory, tenantId).deleted.values()].filter(({ at }) => at.getTime() > oldest)
}

export const findDeleted = (directory: Directory, tenantId: Guid, id: Guid): Deleted | null =>
  listDeleted(directory, tenantId).find(({ of }) => of.id === id) ?? null

/** Comes back with the same id; users and groups are members of nothing. @returns false when its name is taken */
export function restoreDeleted(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const found = findDeleted(directory, tenantId, id)
  if (!found) return false
  if (found.kind === 'servicePrincipal' && !restoreServicePrincipal(directory, found)) return false
  contentsOf(directory, tenantId).deleted.delete(id)
  if (found.kind === 'user') addUser(directory, found.of)
  if (found.kind === 'group') addGroup(directory, found.of)
  if (found.kind === 'application') addApplication(directory, found.of)
  return true
}

/** Gone for good. */
export function purgeDeleted(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const found = findDeleted(directory, tenantId, id)
  if (!found) return false
  const contents = contentsOf(directory, tenantId)
  contents.deleted.delete(id)
  note(directory, contents, { kind: found.kind, id, what: 'deleted' })
  return true
}
