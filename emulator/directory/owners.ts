import { contentsOf, type Directory, type Member } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

/** Of an application, a service principal or a group; who is gone is named still, and owns again when restored. */
export const ownersOf = (directory: Directory, tenantId: Guid, ownedId: Guid): Member[] => [
  ...(contentsOf(directory, tenantId).owners.get(ownedId)?.values() ?? []),
]

export function addOwner(directory: Directory, tenantId: Guid, ownedId: Guid, owner: Member): 'added' | 'exists' {
  const contents = contentsOf(directory, tenantId)
  const { owners } = contents
  const known = owners.get(ownedId) ?? new Map<Guid, Member>()
  if (known.has(owner.id)) return 'exists'
  contents.version += 1
  known.set(owner.id, owner)
  owners.set(ownedId, known)
  return 'added'
}

export function removeOwner(directory: Directory, tenantId: Guid, ownedId: Guid, ownerId: Guid): boolean {
  const contents = contentsOf(directory, tenantId)
  contents.version += 1
  return contents.owners.get(ownedId)?.delete(ownerId) ?? false
}

export const isOwner = (directory: Directory, tenantId: Guid, ownedId: Guid, ownerId: Guid): boolean =>
  contentsOf(directory, tenantId).owners.get(ownedId)?.has(ownerId) ?? false

/** What somebody owns. */
export function* ownedBy(directory: Directory, tenantId: Guid, ownerId: Guid): Iterable<Guid> {
  for (const [ownedId, owners] of contentsOf(directory, tenantId).owners) if (owners.has(ownerId)) yield ownedId
}
