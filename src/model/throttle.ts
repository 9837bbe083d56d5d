import type { ClientId, TenantId } from '#model/ids.ts'
import type { Cost } from '#model/request-cost.ts'

/** How much of something may be used: `amount` at once, and as much again spread over `seconds`. */
export type Limit = { amount: number; seconds: number }

/** Under 50 users, up to 500, and above. */
export type TenantSize = 'S' | 'M' | 'L'
/** From so many users on a tenant is large, however many more there are. */
export const LARGE_FROM_USERS = 501
export const sizeOf = (users: number): TenantSize => (users < 50 ? 'S' : users < LARGE_FROM_USERS ? 'M' : 'L')

/** What Microsoft Graph allows, in resource units, in writes and in requests. */
export type ThrottleLimits = {
  /** Units of one app in one tenant, by the tenant's size. */
  tenantUnits: Record<TenantSize, Limit>
  /** Writes of one app in one tenant. */
  tenantWrites: Limit
  /** Writes in one tenant of all apps together; of the others' we see nothing. */
  tenantWideWrites: Limit
  /** Units of one app over all tenants. */
  appUnits: Limit
  /** Writes of one app over all tenants. */
  appWrites: Limit
  /** Requests of one app over all tenants, whatever they cost. */
  appRequests: Limit
}

/**
 * Microsoft changes them now and then: `graphLimits` in tenantry.config.ts says otherwise.
 * @see https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
 */
export const DOCUMENTED_LIMITS: ThrottleLimits = {
  tenantUnits: {
    S: { amount: 3_500, seconds: 10 },
    M: { amount: 5_000, seconds: 10 },
    L: { amount: 8_000, seconds: 10 },
  },
  tenantWrites: { amount: 3_000, seconds: 150 },
  tenantWideWrites: { amount: 18_000, seconds: 300 },
  appUnits: { amount: 150_000, seconds: 20 },
  appWrites: { amount: 35_000, seconds: 300 },
  appRequests: { amount: 130_000, seconds: 10 },
}

/** The same limits for an app that is to take only this share of them, because others of its kind take the rest. */
export const scaled = (limits: ThrottleLimits, share: number): ThrottleLimits => {
  const scale = ({ amount, seconds }: Limit): Limit => ({ amount: amount * share, seconds })
  const { tenantUnits, ...others } = limits
  return {
    tenantUnits: { S: scale(tenantUnits.S), M: scale(tenantUnits.M), L: scale(tenantUnits.L) },
    tenantWrites: scale(others.tenantWrites),
    tenantWideWrites: scale(others.tenantWideWrites),
    appUnits: scale(others.appUnits),
    appWrites: scale(others.appWrites),
    appRequests: scale(others.appRequests),
  }
}

/** Graph says how near a limit is from here on, and means: slow down. */
export const WARNING = 0.8

/**
 * So much of a limit is taken at once at most; the rest comes evenly. It stays below Graph's warning together with what
 * processes have borrowed and not yet used, so that a warning tells of something that we do not know.
 */
export const burstOf = ({ amount }: Limit): number => amount * WARNING

/** One of Graph's limits for somebody, by the name under which all processes share it. */
export type Bucket = { key: string; limit: Limit }
/** What a request takes from a bucket. */
export type Need = Bucket & { need: number }

export const appBuckets = (limits: ThrottleLimits, clientId: ClientId) => ({
  units: { key: `${clientId}/units`, limit: limits.appUnits },
  writes: { key: `${clientId}/writes`, limit: limits.appWrites },
  requests: { key: `${clientId}/requests`, limit: limits.appRequests },
})

type Asker = { clientId: ClientId; tenantId: TenantId; size: TenantSize }

export const tenantBuckets = (limits: ThrottleLimits, { clientId, tenantId, size }: Asker) => ({
  units: { key: `${clientId}/${tenantId}/units`, limit: limits.tenantUnits[size] },
  writes: { key: `${clientId}/${tenantId}/writes`, limit: limits.tenantWrites },
  wideWrites: { key: `${tenantId}/writes`, limit: limits.tenantWideWrites },
})

/** What a request takes of what its tenant has for itself, and of what all tenants have together. */
export function needsOf(
  limits: ThrottleLimits,
  asker: Asker,
  { units, writes, requests }: Cost,
): { own: Need[]; common: Need[] } {
  const app = appBuckets(limits, asker.clientId)
  const tenant = tenantBuckets(limits, asker)
  const own = [
    { ...tenant.units, need: units },
    { ...tenant.writes, need: writes },
    { ...tenant.wideWrites, need: writes },
  ]
  const common = [
    { ...app.units, need: units },
    { ...app.writes, need: writes },
    { ...app.requests, need: requests },
  ]
  return { own: own.filter(({ need }) => need !== 0), common: common.filter(({ need }) => need !== 0) }
}
