import type { Tenant } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { param } from '#emulator/graph/call.ts'
import { notFound } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
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

type Sku = { id: string; skuId: string; skuPartNumber: string; consumedUnits: number; enabled: number }

/** Everybody has an Office 365 E3, and a premium tenant a P1 besides. */
const SKUS = [
  { skuId: '6fd2c87f-b296-42f0-b1d4-1e91e994b900', skuPartNumber: 'ENTERPRISEPACK', isPremium: false },
  { skuId: '078d2b04-f1bd-4111-bbd4-b4b1b354cef4', skuPartNumber: 'AAD_PREMIUM', isPremium: true },
]

/** @see https://learn.microsoft.com/graph/api/resources/subscribedsku */
const SUBSCRIBED_SKU: EntityType<Sku> = {
  name: 'subscribedSku',
  properties: {
    accountName: { read: () => 'emulator', shown: true },
    appliesTo: { read: () => 'User', shown: true },
    capabilityStatus: { read: () => 'Enabled', shown: true },
    consumedUnits: { read: (sku) => sku.consumedUnits, shown: true },
    id: { read: (sku) => sku.id, shown: true },
    prepaidUnits: {
      read: (sku) => ({ enabled: sku.enabled, suspended: 0, warning: 0, lockedOut: 0 }),
      shown: true,
    },
    servicePlans: { read: () => [], shown: true },
    skuId: { read: (sku) => sku.skuId, shown: true },
    skuPartNumber: { read: (sku) => sku.skuPartNumber, shown: true },
    subscriptionIds: { read: () => [], shown: true },
  },
}

const skusOf = ({ contents: { tenant, users } }: Call): Sku[] =>
  SKUS.filter(({ isPremium }) => tenant.premium || !isPremium).map(({ skuId, skuPartNumber }) => ({
    id: `${tenant.id}_${skuId}`,
    skuId,
    skuPartNumber,
    consumedUnits: users.size,
    enabled: Math.max(25, Math.ceil(users.size / 25) * 25),
  }))

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
  get('domains/{id}', NEEDS.readDomains, (call) => {
    const item = domainsOf(call).find(({ id }) => id === param(call, 'id').toLowerCase())
    if (!item) throw notFound(param(call, 'id'))
    return entity(call, { type: DOMAIN, item, context: 'domains' })
  }),
  get(
    'subscribedSkus',
    NEEDS.readSkus,
    (call) => collection(call, { type: SUBSCRIBED_SKU, items: skusOf(call), context: 'subscribedSkus' }),
    { units: 3 },
  ),
]
