import type { Group } from '#emulator/directory/types.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { holds } from '#emulator/graph/permissions.ts'
import { stamp } from '#emulator/graph/stamp.ts'

type P = Property<Group>

const empty = (value: unknown = null): P => ({ read: () => value, shown: true })
const onlySelected = (value: unknown = null): P => ({ read: () => value })

/** Of Exchange and SharePoint. @see https://learn.microsoft.com/graph/api/resources/group#properties */
const ELSEWHERE = [
  'allowExternalSenders',
  'autoSubscribeNewMembers',
  'hideFromAddressLists',
  'hideFromOutlookClients',
  'isArchived',
  'isSubscribedByMail',
  'unseenCount',
]

/** @see https://learn.microsoft.com/graph/api/resources/group#properties */
const properties: Readonly<Record<string, P>> = {
  id: { read: (group) => group.id, shown: true, basic: true, filter: 'default' },
  deletedDateTime: empty(),
  assignedLabels: onlySelected([]),
  assignedLicenses: onlySelected([]),
  classification: empty(),
  createdDateTime: { read: (group) => stamp(group.createdAt), shown: true, filter: 'default', sort: 'advanced' },
  creationOptions: empty([]),
  description: { read: (group) => group.description, shown: true, filter: 'default', search: true },
  displayName: {
    read: (group) => group.displayName,
    shown: true,
    basic: true,
    filter: 'default',
    sort: 'default',
    search: true,
  },
  expirationDateTime: empty(),
  groupTypes: { read: (group) => group.groupTypes, shown: true, filter: 'default' },
  isAssignableToRole: empty(),
  isManagementRestricted: onlySelected(),
  licenseProcessingState: onlySelected(),
  mail: { read: (group) => group.mail, shown: true, filter: 'default', ends: true, sort: 'advanced', search: true },
  mailEnabled: { read: (group) => group.mailEnabled, shown: true, filter: 'default' },
  mailNickname: { read: (group) => group.mailNickname, shown: true, filter: 'default', search: true },
  membershipRule: empty(),
  membershipRuleProcessingState: empty(),
  onPremisesDomainName: empty(),
  onPremisesLastSyncDateTime: empty(),
  onPremisesNetBiosName: empty(),
  onPremisesProvisioningErrors: empty([]),
  onPremisesSamAccountName: empty(),
  onPremisesSecurityIdentifier: empty(),
  onPremisesSyncEnabled: { ...empty(), filter: 'default' },
  preferredDataLocation: empty(),
  preferredLanguage: empty(),
  proxyAddresses: {
    read: (group) => (group.mail ? [`SMTP:${group.mail}`] : []),
    shown: true,
    filter: 'default',
    ends: true,
  },
  renewedDateTime: { read: (group) => stamp(group.createdAt), shown: true },
  resourceBehaviorOptions: empty([]),
  resourceProvisioningOptions: empty([]),
  securityEnabled: { read: (group) => group.securityEnabled, shown: true, filter: 'default' },
  securityIdentifier: { read: (group) => securityIdentifier(group.id), shown: true },
  serviceProvisioningErrors: empty([]),
  theme: empty(),
  uniqueName: empty(),
  visibility: { read: (group) => group.visibility, shown: true },
}

/** A group's SID holds its object id as four little-endian numbers. */
function securityIdentifier(id: string): string {
  const hex = id.replaceAll('-', '')
  const byte = (index: number) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
  const numbers = [0, 4, 8, 12].map((start) =>
    order.slice(start, start + 4).reduce((sum, index, place) => sum + byte(index) * 256 ** place, 0),
  )
  return `S-1-12-1-${numbers.join('-')}`
}

const READ = [
  'GroupMember.Read.All',
  'GroupMember.ReadWrite.All',
  'Group.Read.All',
  'Group.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
]

export const GROUP: EntityType<Group> = {
  name: 'group',
  properties,
  elsewhere: ELSEWHERE,
  hides: (_group, { caller }) => (holds(caller, ...READ) ? 'nothing' : 'all'),
}
