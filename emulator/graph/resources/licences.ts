import type { Answer, Call } from '#emulator/graph/call.ts'
import { collection } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { userIn } from '#emulator/graph/resources/users.ts'
import { get, type Route } from '#emulator/graph/route.ts'

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

/** Everybody has what the tenant has. @see https://learn.microsoft.com/graph/api/user-list-licensedetails */
function licensesOf(call: Call): Answer {
  const { id } = userIn(call)
  return collection(call, {
    type: LICENSE_DETAILS,
    items: skusOf(call),
    context: `users('${id}')/licenseDetails`,
  })
}

const LICENSE_DETAILS: EntityType<Sku> = {
  name: 'licenseDetails',
  properties: {
    id: { read: (sku) => sku.id, shown: true },
    servicePlans: { read: () => [], shown: true },
    skuId: { read: (sku) => sku.skuId, shown: true },
    skuPartNumber: { read: (sku) => sku.skuPartNumber, shown: true },
  },
}

export const licenceRoutes: readonly Route[] = [
  get(
    'subscribedSkus',
    NEEDS.readSkus,
    (call) => collection(call, { type: SUBSCRIBED_SKU, items: skusOf(call), context: 'subscribedSkus' }),
    { units: 3 },
  ),
  get('me/licenseDetails', NEEDS.readMyThings, licensesOf, { units: 2 }),
  get('users/{id}/licenseDetails', NEEDS.readUsersFully, licensesOf, { units: 2 }),
]
