import { listApplications } from '#emulator/directory/applications.ts'
import type { ChangeKind } from '#emulator/directory/journal.ts'
import type { Member } from '#emulator/directory/open.ts'
import { listGrants } from '#emulator/directory/permission-grants.ts'
import type { Items } from '#emulator/directory/user-table.ts'
import type { Call } from '#emulator/graph/call.ts'
import { groupsIn, usersIn } from '#emulator/graph/lists.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { NEEDS, type Needs } from '#emulator/graph/permissions.ts'
import { APPLICATION } from '#emulator/graph/resources/application-type.ts'
import { DIRECTORY_OBJECT, type DirectoryObject } from '#emulator/graph/resources/directory-object-type.ts'
import { activeRoles, DIRECTORY_ROLE, holdersOf } from '#emulator/graph/resources/directory-role-type.ts'
import { GROUP } from '#emulator/graph/resources/group-type.ts'
import { mayReadMembers } from '#emulator/graph/resources/hidden-membership.ts'
import { PERMISSION_GRANT } from '#emulator/graph/resources/permission-grants.ts'
import { SERVICE_PRINCIPAL } from '#emulator/graph/resources/service-principal-type.ts'
import { USER } from '#emulator/graph/resources/user-type.ts'

type Identified = { id: string }

/** A collection whose changes can be followed. */
export type Followed<Item extends Identified> = {
  set: string
  kinds: readonly ChangeKind[]
  type: EntityType<Item>
  needs: Needs
  list: (call: Call) => Items<Item>
  find: (call: Call, id: string) => Item | undefined
  kindOf: (item: Item) => ChangeKind
  /** As the journal remembers it, as the type reads it. */
  wrap: (kind: ChangeKind, remembered: object) => Item
  members: (call: Call, item: Item) => Iterable<Member>
}

const nobody = (): Member[] => []

const simply = <Item extends Identified>(
  set: string,
  kind: ChangeKind,
  of: Pick<Followed<Item>, 'type' | 'needs' | 'list'> & Partial<Pick<Followed<Item>, 'find' | 'members'>>,
): Followed<Item> => ({
  set,
  kinds: [kind],
  kindOf: () => kind,
  wrap: (_, remembered) => remembered as Item,
  find: (call, id) => of.list(call).filter((item) => item.id === id)[0],
  members: nobody,
  ...of,
})

const membersOf = (call: Call, { id }: Identified): Iterable<Member> => {
  const group = call.contents.groups.get(id)
  return group && mayReadMembers(call, group) ? (call.contents.members.get(id)?.values() ?? []) : []
}
const holders = ({ contents }: Call, { id }: Identified): Member[] =>
  holdersOf(contents, id).map((user) => ({ id: user.id, kind: 'user' }))

export const USERS = simply('users', 'user', {
  type: USER,
  needs: NEEDS.followUsers,
  list: ({ contents }) => usersIn(contents),
  find: ({ contents }, id) => contents.users.get(id),
})
export const GROUPS = simply('groups', 'group', {
  type: GROUP,
  needs: NEEDS.readGroups,
  list: ({ contents }) => groupsIn(contents),
  find: ({ contents }, id) => contents.groups.get(id),
  members: membersOf,
})
export const SERVICE_PRINCIPALS = simply('servicePrincipals', 'servicePrincipal', {
  type: SERVICE_PRINCIPAL,
  needs: NEEDS.readApplications,
  list: ({ contents }) => [...contents.servicePrincipals.values()],
  find: ({ contents }, id) => contents.servicePrincipals.get(id),
})
export const APPLICATIONS = simply('applications', 'application', {
  type: APPLICATION,
  needs: NEEDS.readApplications,
  list: ({ world, caller }) => listApplications(world.directory, caller.tenantId),
})
export const DIRECTORY_ROLES = simply('directoryRoles', 'directoryRole', {
  type: DIRECTORY_ROLE,
  needs: NEEDS.readDirectoryRoles,
  list: ({ contents }) => activeRoles(contents),
  members: holders,
})
export const PERMISSION_GRANTS = simply('oauth2PermissionGrants', 'permissionGrant', {
  type: PERMISSION_GRANT,
  needs: NEEDS.readGrants,
  list: ({ world, caller }) => listGrants(world.directory, caller.tenantId),
  find: ({ contents }, id) => contents.grants.get(id),
})

const all = (call: Call): DirectoryObject[] => [
  ...usersIn(call.contents)
    .slice()
    .map((of): DirectoryObject => ({ kind: 'user', id: of.id, of })),
  ...GROUPS.list(call)
    .slice()
    .map((of): DirectoryObject => ({ kind: 'group', id: of.id, of })),
  ...SERVICE_PRINCIPALS.list(call)
    .slice()
    .map((of): DirectoryObject => ({ kind: 'servicePrincipal', id: of.id, of })),
  ...APPLICATIONS.list(call)
    .slice()
    .map((of): DirectoryObject => ({ kind: 'application', id: of.id, of })),
  ...DIRECTORY_ROLES.list(call)
    .slice()
    .map((of): DirectoryObject => ({ kind: 'directoryRole', id: of.id, of })),
]

/** All types under one roof. @see https://learn.microsoft.com/graph/api/directoryobject-delta */
export const DIRECTORY_OBJECTS: Followed<DirectoryObject> = {
  set: 'directoryObjects',
  kinds: ['user', 'group', 'servicePrincipal', 'application', 'directoryRole'],
  type: DIRECTORY_OBJECT,
  needs: NEEDS.readDirectoryObjects,
  list: all,
  find: (call, id) => all(call).find((object) => object.id === id),
  kindOf: ({ kind }) => kind,
  wrap: (kind, remembered) =>
    ({ kind, id: (remembered as Identified).id, of: remembered }) as unknown as DirectoryObject,
  members: (call, object) =>
    object.kind === 'group' ? membersOf(call, object) : object.kind === 'directoryRole' ? holders(call, object) : [],
}

/** Of mixed types each asks for its own permission. */
export const NEEDS_OF_KINDS: Readonly<Record<ChangeKind, Needs>> = {
  user: NEEDS.readUsersFully,
  group: NEEDS.readGroupsFully,
  servicePrincipal: NEEDS.readApplications,
  application: NEEDS.readApplications,
  directoryRole: NEEDS.readDirectoryRoles,
  permissionGrant: NEEDS.readGrants,
}
