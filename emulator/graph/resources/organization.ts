import type { Tenant } from '#emulator/directory/types.ts'
import { type Call, param } from '#emulator/graph/call.ts'
import { notFound } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import {
  DIRECTORY_OBJECT,
  type DirectoryObject,
  groupObject,
  userObject,
} from '#emulator/graph/resources/directory-object-type.ts'
import { get, type Route } from '#emulator/graph/route.ts'
import { stamp } from '#emulator/graph/stamp.ts'

const empty = (value: unknown = null): Property<Tenant> => ({ read: () => value, shown: true })

/** @see https://learn.microsoft.com/graph/api/resources/organization */
const ORGANIZATION: EntityType<Tenant> = {
  name: 'organization',
  properties: {
    id: { read: (tenant) => tenant.id, shown: true },
    deletedDateTime: empty(),
    businessPhones: empty([]),
    city: empty(),
    country: empty(),
    countryLetterCode: { read: (tenant) => tenant.countryLetterCode, shown: true },
    createdDateTime: { read: (tenant) => stamp(tenant.createdAt), shown: true },
    defaultUsageLocation: empty(),
    displayName: { read: (tenant) => tenant.displayName, shown: true },
    isMultipleDataLocationsForServicesEnabled: empty(),
    marketingNotificationEmails: empty([]),
    onPremisesLastSyncDateTime: empty(),
    onPremisesSyncEnabled: empty(),
    partnerTenantType: empty(),
    postalCode: empty(),
    preferredLanguage: empty('en'),
    securityComplianceNotificationMails: empty([]),
    securityComplianceNotificationPhones: empty([]),
    state: empty(),
    street: empty(),
    technicalNotificationMails: empty([]),
    tenantType: empty('AAD'),
    assignedPlans: empty([]),
    provisionedPlans: empty([]),
    verifiedDomains: {
      read: (tenant) =>
        tenant.domains.map(({ name, isDefault, isInitial }) => ({
          capabilities: 'Email, OfficeCommunicationsOnline',
          isDefault,
          isInitial,
          name,
          type: 'Managed',
        })),
      shown: true,
    },
  },
}

type Domain = { id: string; isDefault: boolean; isInitial: boolean }

const DOMAIN: EntityType<Domain> = {
  name: 'domain',
  properties: {
    authenticationType: { read: () => 'Managed', shown: true },
    id: { read: (domain) => domain.id, shown: true },
    isAdminManaged: { read: () => true, shown: true },
    isDefault: { read: (domain) => domain.isDefault, shown: true },
    isInitial: { read: (domain) => domain.isInitial, shown: true },
    isRoot: { read: () => true, shown: true },
    isVerified: { read: () => true, shown: true },
    supportedServices: { read: () => ['Email', 'OfficeCommunicationsOnline'], shown: true },
  },
}

/** Only partners who resell have contracts with customers; nobody does here. @see https://learn.microsoft.com/graph/api/contract-list */
const CONTRACT: EntityType<{ id: string }> = {
  name: 'contract',
  properties: Object.fromEntries(
    ['id', 'deletedDateTime', 'contractType', 'customerId', 'defaultDomainName', 'displayName'].map((name) => [
      name,
      { read: () => null, shown: true as const },
    ]),
  ),
}

/** Users and groups whose names end with the domain. @see https://learn.microsoft.com/graph/api/domain-list-domainnamereferences */
function namedAfter({ contents }: Call, domain: string): DirectoryObject[] {
  const ends = (name: string | null) => name?.toLowerCase().endsWith(`@${domain}`) === true
  return [
    ...contents.users.filter((user) => ends(user.userPrincipalName) || ends(user.mail)).map(userObject),
    ...[...contents.groups.values()].filter((group) => ends(group.mail)).map(groupObject),
  ]
}

function domainIn(call: Call): Domain {
  const found = domainsOf(call).find(({ id }) => id === param(call, 'id').toLowerCase())
  if (!found) throw notFound(param(call, 'id'))
  return found
}

const domainsOf = ({ contents }: Call): Domain[] =>
  contents.tenant.domains.map(({ name, isDefault, isInitial }) => ({ id: name, isDefault, isInitial }))

export const organizationRoutes: readonly Route[] = [
  get('organization', NEEDS.readOrganization, (call) =>
    collection(call, { type: ORGANIZATION, items: [call.contents.tenant], context: 'organization' }),
  ),
  get('organization/{id}', NEEDS.readOrganization, (call) => {
    if (param(call, 'id').toLowerCase() !== call.contents.tenant.id) throw notFound(param(call, 'id'))
    return entity(call, { type: ORGANIZATION, item: call.contents.tenant, context: 'organization' })
  }),
  get('domains', NEEDS.readDomains, (call) =>
    collection(call, { type: DOMAIN, items: domainsOf(call), context: 'domains' }),
  ),
  get('domains/{id}', NEEDS.readDomains, (call) =>
    entity(call, { type: DOMAIN, item: domainIn(call), context: 'domains' }),
  ),
  get(
    'domains/{id}/domainNameReferences',
    NEEDS.readDomains,
    (call) =>
      collection(call, {
        type: DIRECTORY_OBJECT,
        items: namedAfter(call, domainIn(call).id),
        context: 'directoryObjects',
        isStable: true,
      }),
    { units: 4 },
  ),
  get(
    'contracts',
    NEEDS.readContracts,
    (call) => collection(call, { type: CONTRACT, items: [], context: 'contracts' }),
    { units: 3 },
  ),
]
