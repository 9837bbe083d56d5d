import { findGroup, membersOf } from '#emulator/directory/groups.ts'
import type { Group } from '#emulator/directory/types.ts'
import { type Call, param } from '#emulator/graph/call.ts'
import { notEmulated, notFound } from '#emulator/graph/errors.ts'
import { groupsSeen } from '#emulator/graph/lists.ts'
import { type Collection, collection, countOf, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { brought, memberOf, owners } from '#emulator/graph/resources/expansions.ts'
import { GROUP } from '#emulator/graph/resources/group-type.ts'
import { mayReadMembers } from '#emulator/graph/resources/hidden-membership.ts'
import { get, type Route } from '#emulator/graph/route.ts'

/** The group in the path. @throws GraphError 404 */
export function groupIn(call: Call): Group {
  const key = param(call, 'id').toLowerCase()
  if (keyOf(key, 'uniqueName') !== null) throw notEmulated(call.method, call.path)
  const { tenantId } = call.caller
  const group = call.world.lag.seen('group', { tenantId, key, now: findGroup(call.world.directory, tenantId, key) })
  if (!group) throw notFound(param(call, 'id'))
  return group
}

/** The same for writes: a replica may not know a new group, but nobody writes over what he does not see. @throws GraphError 404 */
export function groupToWrite(call: Call): Group {
  groupIn(call)
  const group = findGroup(call.world.directory, call.caller.tenantId, param(call, 'id').toLowerCase())
  if (!group) throw notFound(param(call, 'id'))
  return group
}

const EXPANDABLE: EntityType<Group> = {
  ...GROUP,
  expand: {
    members: (group, call) =>
      mayReadMembers(call, group) ? brought(call, membersOf(call.world.directory, call.caller.tenantId, group.id)) : [],
    owners,
    memberOf,
  },
}

const all = (call: Call): Collection<Group> => ({
  type: EXPANDABLE,
  items: groupsSeen(call),
  context: 'groups',
  isStable: true,
})

export const groupRoutes: readonly Route[] = [
  get('groups', NEEDS.readGroups, (call) => collection(call, all(call)), { isStable: true }),
  get('groups/$count', NEEDS.readGroups, (call) => countOf(call, all(call))),
  get('groups/{id}', NEEDS.readGroups, (call) =>
    entity(call, { type: EXPANDABLE, item: groupIn(call), context: 'groups' }),
  ),
]
