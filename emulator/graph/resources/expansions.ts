import { groupsOf } from '#emulator/directory/groups.ts'
import type { Member } from '#emulator/directory/open.ts'
import { ownersOf } from '#emulator/directory/owners.ts'
import type { Guid } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { MAX_EXPANDED, shapeOf, show } from '#emulator/graph/odata/entity.ts'
import { DIRECTORY_OBJECT, resolve } from '#emulator/graph/resources/directory-object-type.ts'
import { mayReadMembers } from '#emulator/graph/resources/hidden-membership.ts'

type Shown = Record<string, unknown>[]

/** Objects that come along with another, as far as Graph brings them. */
export function brought(call: Call, members: Iterable<Member>): Shown {
  const shape = shapeOf(DIRECTORY_OBJECT, call)
  const shown: Shown = []
  for (const member of members) {
    const object = resolve(call.contents, member)
    if (object) shown.push(show(DIRECTORY_OBJECT, shape, object, call))
    if (shown.length === MAX_EXPANDED) break
  }
  return shown
}

export const owners = ({ id }: { id: Guid }, call: Call): Shown =>
  brought(call, ownersOf(call.world.directory, call.caller.tenantId, id))

/** The groups that it is a member of; directory roles do not come this way. */
export function memberOf({ id }: { id: Guid }, call: Call): Shown {
  const groups = [...groupsOf(call.world.directory, call.caller.tenantId, id)].filter((group) =>
    mayReadMembers(call, group),
  )
  return brought(
    call,
    groups.map((group) => ({ kind: 'group', id: group.id })),
  )
}
