/** How much of something may be used: `amount` at once, and as much again spread over `seconds`. */
export type Limit = { amount: number; seconds: number }

/**
 * What Microsoft Graph's directory allows one app, in resource units and in writes. S, M and L are a tenant's size: under
 * 50 users, up to 500, and above.
 * @see https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
 */
export type ThrottleLimits = {
  tenantUnits: Record<'S' | 'M' | 'L', Limit>
  tenantWrites: Limit
  appUnits: Limit
  appWrites: Limit
}

export const DOCUMENTED_LIMITS: ThrottleLimits = {
  tenantUnits: {
    S: { amount: 3_500, seconds: 10 },
    M: { amount: 5_000, seconds: 10 },
    L: { amount: 8_000, seconds: 10 },
  },
  tenantWrites: { amount: 3_000, seconds: 150 },
  appUnits: { amount: 150_000, seconds: 20 },
  appWrites: { amount: 35_000, seconds: 300 },
}

/** The same limits for an app that is to take only this share of them, because others of its kind take the rest. */
export const scaled = (limits: ThrottleLimits, share: number): ThrottleLimits => {
  const scale = ({ amount, seconds }: Limit): Limit => ({ amount: Math.max(1, Math.floor(amount * share)), seconds })
  return {
    tenantUnits: { S: scale(limits.tenantUnits.S), M: scale(limits.tenantUnits.M), L: scale(limits.tenantUnits.L) },
    tenantWrites: scale(limits.tenantWrites),
    appUnits: scale(limits.appUnits),
    appWrites: scale(limits.appWrites),
  }
}

export type TenantSize = 'S' | 'M' | 'L'
/** From so many users on a tenant is large, however many more there are. */
export const LARGE_FROM_USERS = 501
export const sizeOf = (users: number): TenantSize => (users < 50 ? 'S' : users < LARGE_FROM_USERS ? 'M' : 'L')

/** What requests cost that cost more than one unit. */
const COSTS: readonly { method: 'GET' | 'POST'; path: RegExp; units: number }[] = [
  { method: 'GET', path: /^\/applications(\/[^/]+\/extensionProperties)?$/, units: 2 },
  { method: 'GET', path: /^\/users$/, units: 2 },
  { method: 'GET', path: /^\/groups\/[^/]+\/members(\/|$)/, units: 3 },
  { method: 'GET', path: /^\/groups\/[^/]+\/transitiveMembers(\/|$)/, units: 5 },
  { method: 'GET', path: /^\/(contracts|subscribedSkus)$/, units: 3 },
  { method: 'GET', path: /^\/domains\/[^/]+\/domainNameReferences$/, units: 4 },
  { method: 'GET', path: /^\/oauth2PermissionGrants(\/[^/]+)?$/, units: 2 },
  { method: 'GET', path: /^\/servicePrincipals\/[^/]+\/appRoleAssignments$/, units: 2 },
  { method: 'GET', path: /^\/(me|users\/[^/]+)\/(memberOf|transitiveMemberOf|ownedObjects|licenseDetails)$/, units: 2 },
  { method: 'POST', path: /^\/(me|users\/[^/]+)\/(getMemberGroups|getMemberObjects)$/, units: 2 },
  { method: 'POST', path: /^\/(me|users\/[^/]+)\/(checkMemberGroups|checkMemberObjects|isMemberOf)$/, units: 4 },
  { method: 'POST', path: /^\/directoryObjects\/(getByIds|getObjectsById)$/, units: 5 },
]

/** What a request takes from the budget. @param url absolute, with Graph's version in its path */
export function costOf(method: string, url: URL): { units: number; writes: number } {
  const path = url.pathname.replace(/^\/[^/]+/, '')
  const base = COSTS.find((row) => row.method === method && row.path.test(path))?.units ?? 1
  const top = Number(url.searchParams.get('$top') ?? Number.POSITIVE_INFINITY)
  const units =
    base - (url.searchParams.has('$select') ? 1 : 0) + (url.searchParams.has('$expand') ? 1 : 0) - (top < 20 ? 1 : 0)
  return { units: Math.max(1, units), writes: method === 'GET' ? 0 : 1 }
}
