import { note } from '#emulator/directory/journal.ts'
import { contentsOf, type Directory, type Member } from '#emulator/directory/open.ts'
import type { Group, Guid } from '#emulator/directory/types.ts'

export function addGroup(directory: Directory, group: Group): void {
  const contents = contentsOf(directory, group.tenantId)
  contents.groups.set(group.id, group)
  contents.members.set(group.id, new Map())
  note(directory, contents, { kind: 'group', id: group.id, what: 'created' })
}

export function updateGroup(directory: Directory, tenantId: Guid, id: Guid, patch: Partial<Group>): Group | null {
  const contents = contentsOf(directory, tenantId)
  const known = contents.groups.get(id)
  if (!known) return null
  const changed = { ...known, ...patch, id, tenantId }
  contents.groups.set(id, changed)
  note(directory, contents, { kind: 'group', id, what: 'updated', before: known })
  return changed
}

export const findGroup = (directory: Directory, tenantId: Guid, id: Guid): Group | null =>
  contentsOf(directory, tenantId).groups.get(id) ?? null
export const countGroups = (directory: Directory, tenantId: Guid): number => contentsOf(directory, tenantId).groups.size

export function removeGroup(directory: Directory, tenantId: Guid, id: Guid): boolean {
  const contents = contentsOf(directory, tenantId)
  const group = contents.groups.get(id)
  if (!group) return false
  contents.groups.delete(id)
  // Only Microsoft 365 groups can be restored.
  if (group.groupTypes.includes('Unified'))
    contents.deleted.set(id, { kind: 'group', of: group, at: directory.clock.now() })
  contents.members.delete(id)
  note(directory, contents, { kind: 'group', id, what: 'deleted', before: group })
  leaveGroups(directory, tenantId, { id, kind: 'group' })
  for (const [key, assignment] of contents.assignments)
    if (assignment.principalId === id) contents.assignments.delete(key)
  return true
}

export const membersOf = (directory: Directory, tenantId: Guid, groupId: Guid): Iterable<Member> =>
  contentsOf(directory, tenantId).members.get(groupId)?.values() ?? []

export function addMember(directory: Directory, tenantId: Guid, groupId: Guid, member: Member): 'added' | 'exists' {
  const contents = contentsOf(directory, tenantId)
  const members = contents.members.get(groupId)
  if (!members || members.has(member.id)) return 'exists'
  members.set(member.id, member)
  note(directory, contents, { kind: 'group', id: groupId, what: 'updated', member: { member, removed: false } })
  return 'added'
}

export function removeMember(directory: Directory, tenantId: Guid, groupId: Guid, id: Guid): boolean {
  const contents = contentsOf(directory, tenantId)
  const members = contents.members.get(groupId)
  const member = members?.get(id)
  if (!members || !member) return false
  members.delete(id)
  note(directory, contents, { kind: 'group', id: groupId, what: 'updated', member: { member, removed: true } })
  return true
}

/** What is deleted is a member of nothing. */
export function leaveGroups(directory: Directory, tenantId: Guid, member: Member): void {
  for (const groupId of contentsOf(directory, tenantId).members.keys())
    removeMember(directory, tenantId, groupId, member.id)
}

export function* groupsOf(directory: Directory, tenantId: Guid, memberId: Guid): Iterable<Group> {
  const { members, groups } = contentsOf(directory, tenantId)
  for (const [groupId, of] of members) {
    const group = groups.get(groupId)
    if (group && of.has(memberId)) yield group
  }
}

/** Those too in which its groups are, however deep; each once. */
export function allGroupsOf(directory: Directory, tenantId: Guid, memberId: Guid): Group[] {
  const found = new Map<Guid, Group>()
  const visit = (id: Guid) => {
    for (const group of groupsOf(directory, tenantId, id)) {
      if (found.has(group.id)) continue
      found.set(group.id, group)
      visit(group.id)
    }
  }
  visit(memberId)
  return [...found.values()]
}
