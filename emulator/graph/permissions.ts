import {
  APPLICATION_ADMINISTRATOR,
  CLOUD_APPLICATION_ADMINISTRATOR,
  DIRECTORY_ROLES,
  GLOBAL_ADMINISTRATOR,
  PRIVILEGED_ROLE_ADMINISTRATOR,
} from '#emulator/directory/directory-roles.ts'
import type { Guid, User } from '#emulator/directory/types.ts'
import type { Caller } from '#emulator/graph/caller.ts'
import { denied, GraphError } from '#emulator/graph/errors.ts'

/** One permission out of each line. */
type Lines = readonly (readonly string[])[]

/** What a path and method ask of a token. */
export type Needs = {
  /** App roles of an application's token; scopes of a user's, where nothing else is said. */
  allOf: Lines
  /** Scopes of a user's token, where they differ. */
  userAllOf?: Lines
  /** In a user's token the user must hold one of these directory roles too. */
  userRoles?: readonly Guid[]
  /** There is no such thing without a user. */
  userOnly?: true
}

const roleId = (name: string): Guid => DIRECTORY_ROLES.find(({ displayName }) => displayName === name)?.templateId ?? ''

const USER_ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, roleId('User Administrator'), roleId('Directory Writers')]
const GROUP_ADMINISTRATORS = [...USER_ADMINISTRATORS, roleId('Groups Administrator')]
const APPLICATION_ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR]

const READ = ['Directory.Read.All']
const READ_OR_WRITE = [...READ, 'Directory.ReadWrite.All']
const WRITE = 'Directory.ReadWrite.All'
const USER_READ = ['User.Read.All', 'User.ReadWrite.All', ...READ_OR_WRITE]
const REVOKE_SESSIONS = ['User.RevokeSessions.All', 'User.ReadWrite.All', WRITE]
const APPLICATION_READ = ['Application.Read.All', 'Application.ReadWrite.All']
const OWNED = 'Application.ReadWrite.OwnedBy'
const GROUP_READ = ['GroupMember.Read.All', 'Group.Read.All', 'Group.ReadWrite.All', ...READ_OR_WRITE]

/**
 * Permissions as the page of each operation lists them, least first. Where a page of today was not to be had, what its
 * neighbour says; what can be deleted with Directory.ReadWrite.All alone is nothing.
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
export const NEEDS = {
  readMe: {
    allOf: [['User.Read', 'User.ReadWrite', 'User.ReadBasic.All', ...USER_READ]],
    userOnly: true,
  },
  readMyThings: { allOf: [['User.Read', ...USER_READ]], userOnly: true },
  readMyMemberships: {
    allOf: [['User.Read', 'User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', ...READ_OR_WRITE]],
    userOnly: true,
  },
  resolveMyMemberships: {
    allOf: [
      ['User.Read', 'User.ReadBasic.All', 'User.Read.All', ...READ],
      ['GroupMember.Read.All', 'Group.Read.All', ...READ],
    ],
    userOnly: true,
  },
  /** The application permission User.ReadBasic.All exists and opens nothing here. */
  readUsers: { allOf: [USER_READ], userAllOf: [['User.ReadBasic.All', ...USER_READ]] },
  followUsers: {
    allOf: [USER_READ],
    userAllOf: [['User.Read', 'User.ReadWrite', 'User.ReadBasic.All', ...USER_READ]],
  },
  readUsersFully: { allOf: [USER_READ] },
  writeUsers: { allOf: [['User.ReadWrite.All', WRITE]], userRoles: USER_ADMINISTRATORS },
  revokeSessions: { allOf: [REVOKE_SESSIONS], userRoles: USER_ADMINISTRATORS },
  revokeMySessions: { allOf: [REVOKE_SESSIONS], userOnly: true },
  deleteUsers: { allOf: [['User.ReadWrite.All']], userRoles: USER_ADMINISTRATORS },
  readMemberships: {
    allOf: [['User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', ...READ_OR_WRITE]],
  },
  /** getMemberGroups and its like ask for both halves. */
  resolveMemberships: {
    allOf: [
      ['User.Read.All', ...READ],
      ['GroupMember.Read.All', 'Group.Read.All', ...READ],
    ],
    userAllOf: [
      ['User.ReadBasic.All', 'User.Read.All', ...READ],
      ['GroupMember.Read.All', 'Group.Read.All', ...READ],
    ],
  },
  resolveGroupMemberships: { allOf: [['GroupMember.Read.All', 'Group.Read.All', ...READ]] },
  resolveObjectMemberships: { allOf: [READ] },
  readGroups: { allOf: [GROUP_READ] },
  readGroupsFully: { allOf: [['Group.Read.All', 'Group.ReadWrite.All', ...READ_OR_WRITE]] },
  readMembers: {
    allOf: [['GroupMember.Read.All', 'Group.Read.All', 'Group.ReadWrite.All', 'GroupMember.ReadWrite.All', ...READ]],
  },
  readGroupMemberships: { allOf: [['GroupMember.Read.All', 'Group.Read.All', ...READ_OR_WRITE]] },
  createGroups: {
    allOf: [['Group.Create', 'Group.ReadWrite.All', WRITE]],
    userAllOf: [['Group.ReadWrite.All', WRITE]],
  },
  writeGroups: { allOf: [['Group.ReadWrite.All', WRITE]], userRoles: GROUP_ADMINISTRATORS },
  deleteGroups: { allOf: [['Group.ReadWrite.All']], userRoles: GROUP_ADMINISTRATORS },
  writeMembers: {
    allOf: [['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', WRITE]],
    userRoles: GROUP_ADMINISTRATORS,
  },
  readOrganization: {
    allOf: [['Organization.Read.All', 'Organization.ReadWrite.All', ...READ_OR_WRITE]],
    userAllOf: [['User.Read', 'Organization.Read.All', 'Organization.ReadWrite.All', ...READ_OR_WRITE]],
  },
  readDomains: { allOf: [['Domain.Read.All', ...READ]] },
  readContracts: { allOf: [READ_OR_WRITE] },
  readSkus: { allOf: [['Organization.Read.All', 'Organization.ReadWrite.All', ...READ_OR_WRITE]] },
  readApplications: {
    allOf: [[...APPLICATION_READ, OWNED, ...READ]],
    userAllOf: [[...APPLICATION_READ, ...READ_OR_WRITE]],
  },
  readFederatedCredentials: { allOf: [[...APPLICATION_READ, OWNED]], userAllOf: [APPLICATION_READ] },
  createApplications: {
    allOf: [[OWNED, 'Application.ReadWrite.All']],
    userAllOf: [['Application.ReadWrite.All']],
    userRoles: [...APPLICATION_ADMINISTRATORS, roleId('Application Developer')],
  },
  /** Whose application it is decides too: see owned.ts. */
  writeApplications: {
    allOf: [[OWNED, 'Application.ReadWrite.All']],
    userAllOf: [['Application.ReadWrite.All']],
  },
  /** An application may always roll its own keys: the proof says who it is. */
  rollKeys: { allOf: [] },
  writeServicePrincipals: {
    allOf: [[OWNED, 'Application.ReadWrite.All', WRITE]],
    userAllOf: [['Application.ReadWrite.All', WRITE]],
  },
  createServicePrincipals: {
    allOf: [[OWNED, 'Application.ReadWrite.All', WRITE]],
    userAllOf: [['Application.ReadWrite.All', WRITE]],
    userRoles: [...APPLICATION_ADMINISTRATORS, roleId('Application Developer')],
  },
  deleteServicePrincipals: {
    allOf: [[OWNED, 'Application.ReadWrite.All']],
    userAllOf: [['Application.ReadWrite.All']],
  },
  readOwners: {
    allOf: [[...APPLICATION_READ, OWNED, ...READ_OR_WRITE]],
    userAllOf: [[...APPLICATION_READ, ...READ_OR_WRITE]],
  },
  /** Application.ReadWrite.OwnedBy is not enough to make somebody an owner. */
  addOwners: { allOf: [['Application.ReadWrite.All', WRITE], READ_OR_WRITE] },
  removeOwners: {
    allOf: [[OWNED, 'Application.ReadWrite.All']],
    userAllOf: [['Application.ReadWrite.All', WRITE]],
  },
  readAssignments: {
    allOf: [[...APPLICATION_READ, OWNED, ...READ_OR_WRITE]],
    userAllOf: [[...APPLICATION_READ, ...READ_OR_WRITE]],
  },
  readAssignmentsOfUsers: { allOf: [['AppRoleAssignment.ReadWrite.All', ...READ]] },
  readAssignmentsOfGroups: { allOf: [['AppRoleAssignment.ReadWrite.All', ...READ_OR_WRITE]] },
  /** Graph's own app roles ask for more: see app-role-assignments.ts. */
  writeAssignments: {
    allOf: [['AppRoleAssignment.ReadWrite.All'], [...APPLICATION_READ, ...READ_OR_WRITE]],
    userRoles: [
      PRIVILEGED_ROLE_ADMINISTRATOR,
      ...APPLICATION_ADMINISTRATORS,
      roleId('Directory Writers'),
      roleId('User Administrator'),
    ],
  },
  readGrants: {
    allOf: [['DelegatedPermissionGrant.Read.All', 'DelegatedPermissionGrant.ReadWrite.All', ...READ_OR_WRITE]],
  },
  writeGrants: {
    allOf: [['DelegatedPermissionGrant.ReadWrite.All', WRITE]],
    userRoles: [PRIVILEGED_ROLE_ADMINISTRATOR, ...APPLICATION_ADMINISTRATORS],
  },
  readDirectoryRoles: {
    allOf: [['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory', ...READ_OR_WRITE]],
  },
  readDirectoryObject: { allOf: [READ] },
  /** Each type asks for its own permission; what may not be read comes with its id alone. */
  readDirectoryObjects: { allOf: [[...USER_READ, ...GROUP_READ, ...APPLICATION_READ]] },
  none: { allOf: [] },
} as const satisfies Record<string, Needs>

export const holds = ({ permissions }: Caller, ...anyOf: readonly string[]): boolean =>
  permissions.some((held) => anyOf.includes(held))

/** @throws GraphError 403 Authorization_RequestDenied; 400 for /me without a user */
export function checkPermission(
  caller: Caller,
  { allOf, userAllOf = allOf, userRoles, userOnly }: Needs,
  { isOwn = false } = {},
): void {
  if (userOnly && !caller.user)
    throw new GraphError(400, 'BadRequest', '/me request is only valid with delegated authentication flow.')
  const lines = caller.user ? userAllOf : allOf
  const missing = lines.find((line) => !holds(caller, ...line))
  if (missing) throw denied(`needs ${oneOf(missing)}; the token carries ${listed(caller.permissions)}`)
  if (userRoles && !isOwn) checkDirectoryRole(caller, userRoles)
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
const oneOf = (names: readonly string[]): string => (names.length === 1 ? listed(names) : `one of ${listed(names)}`)

export const isApplicationAdministrator = ({ directoryRoles }: User): boolean =>
  directoryRoles.some((held) => APPLICATION_ADMINISTRATORS.includes(held))

/** Applications by themselves need no directory role. @throws GraphError 403 */
export function checkDirectoryRole({ user }: Caller, roles: readonly Guid[]): void {
  if (user && !user.directoryRoles.some((held) => roles.includes(held)))
    throw denied(`${user.userPrincipalName} needs a directory role for it`)
}
