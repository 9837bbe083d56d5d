import {
  APPLICATION_ADMINISTRATOR,
  CLOUD_APPLICATION_ADMINISTRATOR,
  DIRECTORY_ROLES,
  GLOBAL_ADMINISTRATOR,
  PRIVILEGED_ROLE_ADMINISTRATOR,
} from '#emulator/directory/directory-roles.ts'
import type { Guid } from '#emulator/directory/types.ts'
import type { Caller } from '#emulator/graph/caller.ts'
import { denied, GraphError } from '#emulator/graph/errors.ts'

/** What a path and method ask of a token. */
export type Needs = {
  /** One permission out of each line; scopes for a user's token, app roles for an application's. */
  allOf: readonly (readonly string[])[]
  /** Scopes that are enough by themselves in a user's token. */
  orScopes?: readonly string[]
  /** In a user's token the user must hold one of these directory roles too. */
  userRoles?: readonly Guid[]
  /** There is no such thing without a user. */
  userOnly?: true
}

const roleId = (name: string): Guid => DIRECTORY_ROLES.find(({ displayName }) => displayName === name)?.templateId ?? ''

const USER_ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, roleId('User Administrator'), roleId('Directory Writers')]
const GROUP_ADMINISTRATORS = [...USER_ADMINISTRATORS, roleId('Groups Administrator')]
const APPLICATION_ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR]

const DIRECTORY_READ = ['Directory.Read.All', 'Directory.ReadWrite.All']
const APPLICATION_READ = ['Application.Read.All', 'Application.ReadWrite.All', ...DIRECTORY_READ]
const GROUP_READ = ['GroupMember.Read.All', 'Group.Read.All', 'GroupMember.ReadWrite.All', 'Group.ReadWrite.All']

/**
 * Permissions as the page of each operation lists them, least first.
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
export const NEEDS = {
  readMe: {
    allOf: [
      ['User.Read', 'User.ReadWrite', 'User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', ...DIRECTORY_READ],
    ],
    userOnly: true,
  },
  readMyMemberships: {
    allOf: [['User.Read', 'User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', ...DIRECTORY_READ]],
    userOnly: true,
  },
  readUsers: { allOf: [['User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', ...DIRECTORY_READ]] },
  writeUsers: { allOf: [['User.ReadWrite.All', 'Directory.ReadWrite.All']], userRoles: USER_ADMINISTRATORS },
  readMemberships: {
    allOf: [
      [
        'User.Read.All',
        'GroupMember.Read.All',
        'Group.Read.All',
        'User.ReadWrite.All',
        'Group.ReadWrite.All',
        ...DIRECTORY_READ,
      ],
    ],
  },
  readGroups: { allOf: [[...GROUP_READ, ...DIRECTORY_READ]] },
  createGroups: { allOf: [['Group.Create', 'Group.ReadWrite.All', 'Directory.ReadWrite.All']] },
  writeGroups: { allOf: [['Group.ReadWrite.All', 'Directory.ReadWrite.All']], userRoles: GROUP_ADMINISTRATORS },
  writeMembers: {
    allOf: [['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All']],
    userRoles: GROUP_ADMINISTRATORS,
  },
  readOrganization: {
    allOf: [['Organization.Read.All', 'Organization.ReadWrite.All', ...DIRECTORY_READ]],
    orScopes: ['User.Read'],
  },
  readDomains: { allOf: [['Domain.Read.All', ...DIRECTORY_READ]] },
  readSkus: { allOf: [['Organization.Read.All', 'Organization.ReadWrite.All', ...DIRECTORY_READ]] },
  readApplications: { allOf: [APPLICATION_READ] },
  writeApplications: {
    allOf: [['Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All', 'Directory.ReadWrite.All']],
    userRoles: [...APPLICATION_ADMINISTRATORS, roleId('Application Developer')],
  },
  /** An application may always roll its own keys: the proof says who it is. */
  rollKeys: { allOf: [] },
  writeServicePrincipals: {
    allOf: [['Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All', 'Directory.ReadWrite.All']],
    userRoles: APPLICATION_ADMINISTRATORS,
  },
  readAssignments: {
    allOf: [
      ['Application.Read.All', 'AppRoleAssignment.ReadWrite.All', ...DIRECTORY_READ, 'Application.ReadWrite.All'],
    ],
  },
  /** Graph's own app roles ask for more: see app-role-assignments.ts. */
  writeAssignments: {
    allOf: [['AppRoleAssignment.ReadWrite.All'], APPLICATION_READ],
    userRoles: [
      PRIVILEGED_ROLE_ADMINISTRATOR,
      ...APPLICATION_ADMINISTRATORS,
      roleId('Directory Writers'),
      roleId('User Administrator'),
    ],
  },
  readGrants: {
    allOf: [['DelegatedPermissionGrant.Read.All', 'DelegatedPermissionGrant.ReadWrite.All', ...DIRECTORY_READ]],
  },
  writeGrants: {
    allOf: [['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All']],
    userRoles: [PRIVILEGED_ROLE_ADMINISTRATOR, ...APPLICATION_ADMINISTRATORS],
  },
  readDirectoryRoles: {
    allOf: [
      [
        'RoleManagement.Read.Directory',
        'RoleManagement.ReadWrite.Directory',
        'RoleManagement.Read.All',
        ...DIRECTORY_READ,
      ],
    ],
  },
  readDirectoryObjects: {
    allOf: [
      [
        'User.Read.All',
        'Group.Read.All',
        'GroupMember.Read.All',
        'User.ReadBasic.All',
        'User.ReadWrite.All',
        'Group.ReadWrite.All',
        ...APPLICATION_READ,
      ],
    ],
  },
  restore: {
    allOf: [['User.DeleteRestore.All', 'User.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All']],
    userRoles: GROUP_ADMINISTRATORS,
  },
  none: { allOf: [] },
} as const satisfies Record<string, Needs>

export const holds = ({ permissions }: Caller, ...anyOf: readonly string[]): boolean =>
  permissions.some((held) => anyOf.includes(held))

/** @throws GraphError 403 Authorization_RequestDenied; 400 for /me without a user */
export function checkPermission(caller: Caller, { allOf, orScopes, userRoles, userOnly }: Needs): void {
  if (userOnly && !caller.user)
    throw new GraphError(400, 'BadRequest', '/me request is only valid with delegated authentication flow.')
  const byScope = caller.user !== null && orScopes !== undefined && holds(caller, ...orScopes)
  if (!byScope && !allOf.every((line) => holds(caller, ...line))) throw denied()
  if (userRoles) checkDirectoryRole(caller, userRoles)
}

/** Applications by themselves need no directory role. @throws GraphError 403 */
export function checkDirectoryRole({ user }: Caller, roles: readonly Guid[]): void {
  if (user && !user.directoryRoles.some((held) => roles.includes(held))) throw denied()
}
