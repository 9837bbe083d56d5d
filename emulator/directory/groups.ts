import { contentsOf, type Directory, type Member } from '#emulator/directory/open.ts'
import type { Group, Guid } from '#emulator/directory/types.ts'

export function addGroup(directory: Directory, group: Group): void {
  const contents = contentsOf(directory, group.tenantId)
  contents.groups.set(group.id, group)
  contents.members.set(group.id, new Map())
}

export const findGroup = (directory: Directory, tenantId: Guid, id: Guid): Group | null =>
  contentsOf(directory, tenantId).groups.get(id) ?? null
export const listGroups = (directory: Directory, tenantId: Guid): Iterable<Group> =>
  contentsOf(directory, tenantId).groups.values()
export const countGroups = (directory: Directory, tenantId: Guid): number => contentsOf(directory, tenantId).groups.size

export function removeGroup(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const contents = contentsOf(directory, tenantId)
  contents.members.delete(id)
  return contents.groups.delete(id)
}

export const membersOf = (directory: Directory, tenantId: Guid, groupId: Guid): Iterable<Member> =>
  contentsOf(directory, tenantId).members.get(groupId)?.values() ?? []

export function addMember(directory: Directory, tenantId: Guid, groupId: Guid, member: Member): 'added' | 'exists' {
  const members = contentsOf(directory, tenantId).members.get(groupId)
  if (!members || members.has(member.id)) return 'exists'
  members.set(member.id, member)
  return 'added'
}

export function removeMember(directory: Directory, tenantId: Guid, groupId: Guid, id: Guid): boolean {
  return contentsOf(directory, tenantId).members.get(groupId)?.delete(id) ?? false
}

export function* groupsOf(directory: Directory, tenantId: Guid, memberId: Guid): Iterable<Group> {
  const { members, groups } = contentsOf(directory, tenantId)
  for (const [groupId, of] of members) {
    const group = groups.get(groupId)
    if (group && of.has(memberId)) yield group
  }
}
