import type { TenantContents } from '#emulator/directory/open.ts'
import type { Group, User } from '#emulator/directory/types.ts'
import type { Items } from '#emulator/directory/user-table.ts'
import type { Call } from '#emulator/graph/call.ts'

type Lists = { version: number; groups: readonly Group[] | null }

const lists = new WeakMap<TenantContents, Lists>()

/** As the replica that is asked knows them. */
export const usersSeen = ({ world, contents, caller }: Call): Items<User> =>
  world.lag.seenAll('user', caller.tenantId, usersIn(contents))

export const groupsSeen = ({ world, contents, caller }: Call): Items<Group> =>
  world.lag.seenAll('group', caller.tenantId, groupsIn(contents))

export const usersIn = (contents: TenantContents): Items<User> => contents.users

/** An array to cut pages from, made anew only after a change: a page must not cost a copy of the tenant. */
export const groupsIn = (contents: TenantContents): readonly Group[] => {
  const known = listsOf(contents)
  known.groups ??= [...contents.groups.values()]
  return known.groups
}

function listsOf(contents: TenantContents): Lists {
  const known = lists.get(contents)
  if (known && known.version === contents.version) return known
  const made: Lists = { version: contents.version, groups: null }
  lists.set(contents, made)
  return made
}
