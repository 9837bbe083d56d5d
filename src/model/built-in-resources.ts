import type { BuiltInKind, ResourceDefinition } from '#model/resource.ts'

type BuiltIn = Omit<ResourceDefinition, 'kind'> & { kind: BuiltInKind }

/** What a directory sync reads of every tenant, in this order. */
export const BUILT_IN_RESOURCES: readonly BuiltIn[] = [
  {
    kind: 'organization',
    title: 'Organization',
    mode: 'full',
    path: '/organization',
    select: ['id', 'displayName', 'verifiedDomains', 'countryLetterCode'],
    key: 'id',
    anyOf: ['Organization.Read.All', 'Organization.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  },
  {
    kind: 'subscribedSku',
    title: 'Subscribed SKUs',
    mode: 'full',
    path: '/subscribedSkus',
    select: ['id', 'skuId', 'skuPartNumber', 'capabilityStatus', 'consumedUnits', 'prepaidUnits'],
    key: 'skuId',
    anyOf: [
      'LicenseAssignment.Read.All',
      'Organization.Read.All',
      'Organization.ReadWrite.All',
      'Directory.Read.All',
      'Directory.ReadWrite.All',
    ],
  },
  {
    kind: 'user',
    title: 'Users',
    mode: 'delta',
    path: '/users/delta',
    select: [
      'id',
      'displayName',
      'userPrincipalName',
      'mail',
      'givenName',
      'surname',
      'jobTitle',
      'department',
      'accountEnabled',
      'userType',
    ],
    key: 'id',
    anyOf: ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  },
  {
    kind: 'group',
    title: 'Groups',
    mode: 'delta',
    path: '/groups/delta',
    select: [
      'id',
      'displayName',
      'description',
      'mail',
      'mailEnabled',
      'securityEnabled',
      'groupTypes',
      'visibility',
      'members',
    ],
    key: 'id',
    anyOf: [
      'GroupMember.Read.All',
      'Group.Read.All',
      'Group.ReadWrite.All',
      'Directory.Read.All',
      'Directory.ReadWrite.All',
    ],
  },
  {
    kind: 'servicePrincipal',
    title: 'Service principals',
    mode: 'delta',
    path: '/servicePrincipals/delta',
    select: ['id', 'appId', 'displayName', 'accountEnabled', 'servicePrincipalType', 'appOwnerOrganizationId'],
    key: 'id',
    anyOf: [
      'Application.Read.All',
      'Application.ReadWrite.All',
      'Application.ReadWrite.OwnedBy',
      'Directory.Read.All',
      'Directory.ReadWrite.All',
    ],
  },
]

/** Any one of these application permissions lets the app list that kind. */
export const readPermissions = (kind: BuiltInKind): readonly string[] =>
  BUILT_IN_RESOURCES.find((definition) => definition.kind === kind)?.anyOf ?? []
