import type { ObjectId } from '#model/ids.ts'

/** The kinds of object that we read of a customer's directory. */
export const RESOURCE_KINDS = ['organization', 'subscribedSku', 'user', 'group', 'servicePrincipal'] as const
export type ResourceKind = (typeof RESOURCE_KINDS)[number]

/**
 * How one kind of object is read. `delta`: everything once, then only what has changed. `full`: everything every time,
 * for the few objects that Graph tells no changes of.
 */
export type ResourceDefinition = {
  kind: ResourceKind
  mode: 'delta' | 'full'
  /** Below /v1.0, without options: /users/delta. */
  path: string
  /** Only what is stored is asked for: it costs less of Graph's budget. */
  select: readonly string[]
  /** The property that tells objects of this kind apart: a GUID. */
  key: 'id' | 'skuId'
  /** Application permissions any one of which lets the app read it. */
  anyOf: readonly string[]
}

/** What a directory sync reads, in this order. Adding a kind of object is a few lines here. */
export const RESOURCES: readonly ResourceDefinition[] = [
  {
    kind: 'organization',
    mode: 'full',
    path: '/organization',
    select: ['id', 'displayName', 'verifiedDomains', 'countryLetterCode'],
    key: 'id',
    anyOf: ['Organization.Read.All', 'Organization.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  },
  {
    kind: 'subscribedSku',
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

const DAY_MILLISECONDS = 24 * 3_600_000
/** Delta tokens of directory objects are documented to live seven days. @see https://learn.microsoft.com/graph/delta-query-overview#token-duration */
export const DELTA_LIFE_MILLISECONDS = 6.5 * DAY_MILLISECONDS
/** From so old on a link goes before others: when it has grown too old everything is read anew, which costs far more. */
export const DELTA_HURRIES_MILLISECONDS = 5 * DAY_MILLISECONDS

/** The kinds that the app's declared permissions let it read. */
export const resourcesFor = (permissions: readonly { value: string }[]): readonly ResourceDefinition[] =>
  RESOURCES.filter(({ anyOf }) => permissions.some(({ value }) => anyOf.includes(value)))

/** Any one of these application permissions lets the app list that kind. */
export const readPermissions = (kind: ResourceKind): readonly string[] =>
  RESOURCES.find((definition) => definition.kind === kind)?.anyOf ?? []

/** One object of a customer's directory, as Graph gave it. */
export type DirectoryResource = {
  kind: ResourceKind
  id: ObjectId
  displayName: string | null
  /** The properties that were selected, as Graph gave them; id and name are among them. */
  properties: Record<string, unknown>
}

/** Who has come into a group or left it. */
export type MembershipChange = { groupId: ObjectId; memberId: ObjectId; memberType: string; removed: boolean }

/**
 * The objects of a page as Graph sent them: their ids, each once, and the JSON of `{ "value": [ … ] }` with exactly these
 * objects in it. A page of a thousand objects passes through as one text, instead of being taken apart and written anew.
 */
export type Objects = { ids: readonly ObjectId[]; json: string }

/** What Graph tells on a page: objects as they are now, objects that are gone, and members that came or went. */
export type Changes = {
  changed: Objects
  removed: readonly ObjectId[]
  members: readonly MembershipChange[]
}

/** One page of what Graph tells. */
export type ChangePage = {
  /**
   * The page as it came, UTF-8, where it seems to hold nothing but objects as they are now; nobody has looked at them.
   * Null where it was taken apart already.
   */
  asItCame: Uint8Array | null
  /** The page taken apart, at the latest now. @throws Problem ANSWER_UNREADABLE */
  changes(): Changes
  /** Gives the memory of a page back that is stored; nothing may be asked of it any more. */
  free(): void
  /** Where the next page is; null on the last one. */
  nextLink: string | null
  /** On the last page of a delta: where to ask what has changed since. */
  deltaLink: string | null
}
