/**
 * What the page of each operation lists, written down by hand from Microsoft's pages (2026-11-26) and not from the
 * emulator: alternatives, `A+B` where both are needed, `*` where any token will do. `user` where a user's token differs.
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
export type Page = { routes: string; app: readonly string[]; user?: readonly string[] }

const READ = 'Directory.Read.All'
const WRITE = 'Directory.ReadWrite.All'
const USERS = ['User.Read.All', 'User.ReadWrite.All', READ, WRITE]
const APPS = ['Application.Read.All', 'Application.ReadWrite.All']
const OWNED = 'Application.ReadWrite.OwnedBy'
const ANY = ['*']

export const PAGES: readonly Page[] = [
  { routes: 'GET me', app: [], user: ['User.Read', 'User.ReadWrite', 'User.ReadBasic.All', ...USERS] },
  { routes: 'GET users, GET users/$count, GET users/{id}', app: USERS, user: ['User.ReadBasic.All', ...USERS] },
  { routes: 'GET users/delta', app: USERS, user: ['User.Read', 'User.ReadWrite', 'User.ReadBasic.All', ...USERS] },
  { routes: 'POST users, PATCH users/{id}', app: ['User.ReadWrite.All', WRITE] },
  { routes: 'POST users/{id}/revokeSignInSessions', app: ['User.RevokeSessions.All', 'User.ReadWrite.All', WRITE] },
  {
    routes: 'POST me/revokeSignInSessions',
    app: [],
    user: ['User.RevokeSessions.All', 'User.ReadWrite.All', WRITE],
  },
  { routes: 'DELETE users/{id}', app: ['User.ReadWrite.All'] },
  {
    routes:
      'GET me/memberOf, GET me/memberOf/$count, GET me/memberOf/{type}, GET me/transitiveMemberOf, GET me/transitiveMemberOf/$count, GET me/transitiveMemberOf/{type}',
    app: [],
    user: ['User.Read', 'User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', READ, WRITE],
  },
  {
    routes:
      'GET users/{id}/memberOf, GET users/{id}/memberOf/$count, GET users/{id}/memberOf/{type}, GET users/{id}/transitiveMemberOf, GET users/{id}/transitiveMemberOf/$count, GET users/{id}/transitiveMemberOf/{type}',
    app: ['User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', READ, WRITE],
  },
  {
    routes: 'POST me/getMemberGroups, POST me/getMemberObjects, POST me/checkMemberGroups, POST me/checkMemberObjects',
    app: [],
    user: ['User.Read', 'User.ReadBasic.All', 'User.Read.All']
      .flatMap((user) => [`${user}+GroupMember.Read.All`, `${user}+Group.Read.All`])
      .concat(READ),
  },
  {
    routes:
      'POST users/{id}/getMemberGroups, POST users/{id}/getMemberObjects, POST users/{id}/checkMemberGroups, POST users/{id}/checkMemberObjects',
    app: ['User.Read.All+GroupMember.Read.All', 'User.Read.All+Group.Read.All', READ],
    user: ['User.ReadBasic.All', 'User.Read.All']
      .flatMap((user) => [`${user}+GroupMember.Read.All`, `${user}+Group.Read.All`])
      .concat(READ),
  },
  {
    routes:
      'POST groups/{id}/getMemberGroups, POST groups/{id}/getMemberObjects, POST groups/{id}/checkMemberGroups, POST groups/{id}/checkMemberObjects',
    app: ['GroupMember.Read.All', 'Group.Read.All', READ],
  },
  {
    routes:
      'POST servicePrincipals/{id}/getMemberGroups, POST servicePrincipals/{id}/getMemberObjects, POST servicePrincipals/{id}/checkMemberGroups, POST servicePrincipals/{id}/checkMemberObjects, POST directoryObjects/{id}/getMemberGroups, POST directoryObjects/{id}/getMemberObjects, POST directoryObjects/{id}/checkMemberGroups, POST directoryObjects/{id}/checkMemberObjects, GET directoryObjects/{id}',
    app: [READ],
  },
  {
    routes: 'GET me/ownedObjects, GET me/ownedObjects/{type}, GET me/licenseDetails',
    app: [],
    user: ['User.Read', ...USERS],
  },
  {
    routes: 'GET users/{id}/ownedObjects, GET users/{id}/ownedObjects/{type}, GET users/{id}/licenseDetails',
    app: USERS,
  },
  {
    routes: 'GET groups, GET groups/$count, GET groups/{id}, GET groups/delta',
    app: ['GroupMember.Read.All', 'Group.Read.All', 'Group.ReadWrite.All', READ, WRITE],
  },
  {
    routes:
      'GET groups/{id}/members, GET groups/{id}/members/$count, GET groups/{id}/members/{type}, GET groups/{id}/members/{type}/$count, GET groups/{id}/transitiveMembers, GET groups/{id}/transitiveMembers/$count, GET groups/{id}/transitiveMembers/{type}, GET groups/{id}/owners, GET groups/{id}/owners/$count, GET groups/{id}/owners/{type}',
    app: ['GroupMember.Read.All', 'Group.Read.All', 'Group.ReadWrite.All', 'GroupMember.ReadWrite.All', READ],
  },
  {
    routes:
      'GET groups/{id}/memberOf, GET groups/{id}/memberOf/$count, GET groups/{id}/memberOf/{type}, GET groups/{id}/transitiveMemberOf, GET groups/{id}/transitiveMemberOf/$count, GET groups/{id}/transitiveMemberOf/{type}',
    app: ['GroupMember.Read.All', 'Group.Read.All', READ, WRITE],
  },
  {
    routes: 'POST groups',
    app: ['Group.Create', 'Group.ReadWrite.All', WRITE],
    user: ['Group.ReadWrite.All', WRITE],
  },
  {
    routes: 'PATCH groups/{id}, POST groups/{id}/owners/$ref, DELETE groups/{id}/owners/{owner}/$ref',
    app: ['Group.ReadWrite.All', WRITE],
  },
  { routes: 'DELETE groups/{id}', app: ['Group.ReadWrite.All'] },
  {
    routes: 'POST groups/{id}/members/$ref, DELETE groups/{id}/members/{member}/$ref',
    app: ['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', WRITE],
  },
  {
    routes:
      'GET applications, GET applications/$count, GET applications/{id}, GET applications/delta, GET servicePrincipals, GET servicePrincipals/$count, GET servicePrincipals/{id}, GET servicePrincipals/delta, GET servicePrincipals/{id}/memberOf, GET servicePrincipals/{id}/memberOf/$count, GET servicePrincipals/{id}/memberOf/{type}, GET servicePrincipals/{id}/transitiveMemberOf, GET servicePrincipals/{id}/transitiveMemberOf/$count, GET servicePrincipals/{id}/transitiveMemberOf/{type}, GET servicePrincipals/{id}/ownedObjects, GET servicePrincipals/{id}/ownedObjects/{type}',
    app: [...APPS, OWNED, READ],
    user: [...APPS, READ, WRITE],
  },
  {
    routes:
      'POST applications, PATCH applications/{id}, DELETE applications/{id}, POST applications/{id}/addPassword, POST applications/{id}/removePassword, POST applications/{id}/federatedIdentityCredentials, PATCH applications/{id}/federatedIdentityCredentials/{credential}, DELETE applications/{id}/federatedIdentityCredentials/{credential}, DELETE servicePrincipals/{id}',
    app: [OWNED, 'Application.ReadWrite.All'],
    user: ['Application.ReadWrite.All'],
  },
  { routes: 'POST applications/{id}/addKey, POST applications/{id}/removeKey', app: ANY },
  {
    routes:
      'GET applications/{id}/federatedIdentityCredentials, GET applications/{id}/federatedIdentityCredentials/{credential}',
    app: [...APPS, OWNED],
    user: APPS,
  },
  {
    routes: 'POST servicePrincipals, PATCH servicePrincipals/{id}',
    app: [OWNED, 'Application.ReadWrite.All', WRITE],
    user: ['Application.ReadWrite.All', WRITE],
  },
  {
    routes:
      'GET applications/{id}/owners, GET applications/{id}/owners/$count, GET applications/{id}/owners/{type}, GET servicePrincipals/{id}/owners, GET servicePrincipals/{id}/owners/$count, GET servicePrincipals/{id}/owners/{type}',
    app: [...APPS, OWNED, READ, WRITE],
    user: [...APPS, READ, WRITE],
  },
  {
    routes: 'POST applications/{id}/owners/$ref, POST servicePrincipals/{id}/owners/$ref',
    app: [`Application.ReadWrite.All+${READ}`, WRITE],
  },
  {
    routes: 'DELETE applications/{id}/owners/{owner}/$ref, DELETE servicePrincipals/{id}/owners/{owner}/$ref',
    app: [OWNED, 'Application.ReadWrite.All'],
    user: ['Application.ReadWrite.All', WRITE],
  },
  {
    routes:
      'GET servicePrincipals/{id}/appRoleAssignments, GET servicePrincipals/{id}/appRoleAssignments/{assignment}, GET servicePrincipals/{id}/appRoleAssignedTo, GET servicePrincipals/{id}/appRoleAssignedTo/{assignment}',
    app: [...APPS, OWNED, READ, WRITE],
    user: [...APPS, READ, WRITE],
  },
  { routes: 'GET me/appRoleAssignments', app: [], user: ['AppRoleAssignment.ReadWrite.All', READ] },
  {
    routes: 'GET users/{id}/appRoleAssignments, GET users/{id}/appRoleAssignments/{assignment}',
    app: ['AppRoleAssignment.ReadWrite.All', READ],
  },
  {
    routes: 'GET groups/{id}/appRoleAssignments, GET groups/{id}/appRoleAssignments/{assignment}',
    app: ['AppRoleAssignment.ReadWrite.All', READ, WRITE],
  },
  {
    routes: [
      'servicePrincipals/{id}/appRoleAssignments',
      'servicePrincipals/{id}/appRoleAssignedTo',
      'users/{id}/appRoleAssignments',
      'groups/{id}/appRoleAssignments',
    ]
      .flatMap((path) => [`POST ${path}`, `PATCH ${path}/{assignment}`, `DELETE ${path}/{assignment}`])
      .join(', '),
    app: [...APPS, READ, WRITE].map((reading) => `AppRoleAssignment.ReadWrite.All+${reading}`),
  },
  {
    routes:
      'GET oauth2PermissionGrants, GET oauth2PermissionGrants/{id}, GET oauth2PermissionGrants/delta, GET servicePrincipals/{id}/oauth2PermissionGrants, GET users/{id}/oauth2PermissionGrants',
    app: ['DelegatedPermissionGrant.Read.All', 'DelegatedPermissionGrant.ReadWrite.All', READ, WRITE],
  },
  {
    routes: 'GET me/oauth2PermissionGrants',
    app: [],
    user: ['DelegatedPermissionGrant.Read.All', 'DelegatedPermissionGrant.ReadWrite.All', READ, WRITE],
  },
  {
    routes: 'POST oauth2PermissionGrants, PATCH oauth2PermissionGrants/{id}, DELETE oauth2PermissionGrants/{id}',
    app: ['DelegatedPermissionGrant.ReadWrite.All', WRITE],
  },
  {
    routes:
      'GET directoryRoles, GET directoryRoles/{id}, GET directoryRoles/{id}/members, GET directoryRoleTemplates, GET directoryRoles/delta',
    app: ['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory', READ, WRITE],
  },
  {
    routes: 'POST directoryObjects/getByIds, GET directoryObjects/delta',
    app: [...USERS, 'GroupMember.Read.All', 'Group.Read.All', 'Group.ReadWrite.All', ...APPS],
  },
  {
    routes: 'GET directory/deletedItems/{id}',
    app: [...USERS, 'Group.Read.All', 'Group.ReadWrite.All', ...APPS, OWNED],
  },
  {
    routes: 'POST directory/deletedItems/{id}/restore, DELETE directory/deletedItems/{id}',
    app: ['User.ReadWrite.All', 'Group.ReadWrite.All', OWNED, 'Application.ReadWrite.All'],
  },
  {
    routes: 'GET organization, GET organization/{id}',
    app: ['Organization.Read.All', 'Organization.ReadWrite.All', READ, WRITE],
    user: ['User.Read', 'Organization.Read.All', 'Organization.ReadWrite.All', READ, WRITE],
  },
  { routes: 'GET domains, GET domains/{id}, GET domains/{id}/domainNameReferences', app: ['Domain.Read.All', READ] },
  { routes: 'GET contracts', app: [READ, WRITE] },
  { routes: 'GET subscribedSkus', app: ['Organization.Read.All', 'Organization.ReadWrite.All', READ, WRITE] },
  {
    routes:
      'GET subscriptions, GET subscriptions/{id}, POST subscriptions, PATCH subscriptions/{id}, DELETE subscriptions/{id}, POST subscriptions/{id}/reauthorize',
    app: ANY,
  },
]

/** Where a page was not to be had, or copies of it disagree: what stands above is a likely guess. */
export const UNCONFIRMED_PAGES: readonly { what: string; routes: readonly string[]; why: string }[] = [
  {
    what: 'ownedObjects and licenseDetails of users',
    routes: ['GET users/{id}/ownedObjects', 'GET users/{id}/licenseDetails'],
    why: 'a copy of the pages says that applications may not; here they may',
  },
  {
    what: 'owners of applications and service principals, added',
    routes: ['POST applications/{id}/owners/$ref', 'POST servicePrincipals/{id}/owners/$ref'],
    why: 'a copy lets an application with Application.ReadWrite.OwnedBy and Directory.Read.All, too',
  },
  {
    what: 'revokeSignInSessions',
    routes: ['POST users/{id}/revokeSignInSessions', 'POST me/revokeSignInSessions'],
    why: 'a copy does not know User.RevokeSessions.All',
  },
  {
    what: 'delta of applications and service principals',
    routes: ['GET applications/delta', 'GET servicePrincipals/delta'],
    why: 'a copy asks a user’s token for Directory.Read.All; here it is what lists them',
  },
  {
    what: 'delta of permission grants, directory roles and directory objects',
    routes: ['GET oauth2PermissionGrants/delta', 'GET directoryRoles/delta', 'GET directoryObjects/delta'],
    why: 'the pages were not to be had; here it is what lists them',
  },
  { what: 'getByIds', routes: ['POST directoryObjects/getByIds'], why: 'the page was not to be had' },
  {
    what: 'deleted objects, read, restored and deleted for good',
    routes: [
      'GET directory/deletedItems/{id}',
      'POST directory/deletedItems/{id}/restore',
      'DELETE directory/deletedItems/{id}',
    ],
    why: 'the pages were not to be had',
  },
  {
    what: 'contracts and the references of a domain',
    routes: ['GET contracts', 'GET domains/{id}/domainNameReferences'],
    why: 'the pages were not to be had',
  },
  {
    what: 'memberOf of service principals',
    routes: ['GET servicePrincipals/{id}/memberOf', 'GET servicePrincipals/{id}/transitiveMemberOf'],
    why: 'the pages were not to be had; here it is what reads service principals',
  },
]
