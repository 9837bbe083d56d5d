import type { Member } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { type Call, param } from '#emulator/graph/call.ts'
import { notEmulated } from '#emulator/graph/errors.ts'
import { type Collection, collection, countOf } from '#emulator/graph/odata/collection.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import {
  castTo,
  DIRECTORY_OBJECT,
  type DirectoryObject,
  resolve,
} from '#emulator/graph/resources/directory-object-type.ts'
import { groupIn } from '#emulator/graph/resources/groups.ts'
import { checkHiddenMembership } from '#emulator/graph/resources/hidden-membership.ts'
import { get, type Route } from '#emulator/graph/route.ts'

const directly = ({ world, contents, caller }: Call, groupId: Guid): readonly Member[] =>
  world.lag.seenMembers(caller.tenantId, groupId, [...(contents.members.get(groupId)?.values() ?? [])])

/** Members of members too, each once. */
function transitively(call: Call, groupId: Guid): Member[] {
  const found = new Map<Guid, Member>()
  const visit = (id: Guid) => {
    for (const member of directly(call, id)) {
      if (found.has(member.id)) continue
      found.set(member.id, member)
      if (member.kind === 'group') visit(member.id)
    }
  }
  visit(groupId)
  return [...found.values()]
}

function membersOf(call: Call, find: (call: Call, groupId: Guid) => readonly Member[]): Collection<DirectoryObject> {
  const kind = call.params.type === undefined ? null : castTo(param(call, 'type'))
  if (call.params.type !== undefined && kind === null) throw notEmulated(call.method, call.path)
  const group = groupIn(call)
  checkHiddenMembership(call, group)
  const items = find(call, group.id).flatMap((member) => {
    const object = kind === null || member.kind === kind ? resolve(call.contents, member) : null
    return object ? [object] : []
  })
  return { type: DIRECTORY_OBJECT, items, context: kind === null ? 'directoryObjects' : `${kind}s`, isStable: true }
}

const direct = (call: Call) => membersOf(call, directly)
const transitive = (call: Call) => membersOf(call, transitively)
const { readMembers } = NEEDS

export const memberRoutes: readonly Route[] = [
  get('groups/{id}/members', readMembers, (call) => collection(call, direct(call)), { units: 3, isStable: true }),
  get('groups/{id}/members/$count', readMembers, (call) => countOf(call, direct(call))),
  get('groups/{id}/members/{type}', readMembers, (call) => collection(call, direct(call)), {
    units: 3,
    isStable: true,
  }),
  get('groups/{id}/members/{type}/$count', readMembers, (call) => countOf(call, direct(call))),
  get('groups/{id}/transitiveMembers', readMembers, (call) => collection(call, transitive(call)), {
    units: 5,
    isStable: true,
  }),
  get('groups/{id}/transitiveMembers/$count', readMembers, (call) => countOf(call, transitive(call))),
  get('groups/{id}/transitiveMembers/{type}', readMembers, (call) => collection(call, transitive(call)), {
    units: 5,
    isStable: true,
  }),
]
