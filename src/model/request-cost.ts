/** What a request takes from Graph's limits. */
export type Cost = { units: number; writes: number; requests: number }

type Row = {
  method: 'GET' | 'POST'
  path: RegExp
  units: number
  /** Where $select makes more of a difference than one unit. */
  unitsSelected?: number
}

/** `users/{id}`, `users(…)` and, where there is one, `me`. */
const one = (collection: string): string => `/${collection}(/[^/]+|\\([^)]*\\))`
const row = (method: Row['method'], path: string, units: number, unitsSelected?: number): Row => ({
  method,
  path: new RegExp(`^${path}$`, 'i'),
  units,
  ...(unitsSelected === undefined ? {} : { unitsSelected }),
})
const ME = `(/me|${one('users')})`
/** A list, or a part of it: its count, its users. */
const PART = '(/.*)?'

/**
 * The requests that do not cost what others do: one unit, and a write unless it is a GET. A POST that stands here only
 * reads. Four units more for a new user in a B2C tenant are left to the answer, which says what it really cost.
 * @see https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
 */
const COSTS: readonly Row[] = [
  row('GET', '/applications', 2),
  row('GET', `${one('applications')}/extensionProperties`, 2),
  row('GET', '/users', 2),
  row('GET', `${one('groups')}/members${PART}`, 3),
  row('GET', `${one('groups')}/transitiveMembers${PART}`, 5),
  row('GET', '/(contracts|subscribedSkus)', 3),
  row('GET', `${one('domains')}/domainNameReferences`, 4),
  row('GET', '/oauth2PermissionGrants(/[^/]+)?', 2),
  row('GET', `${one('servicePrincipals')}/appRoleAssignments`, 2),
  row('GET', `${ME}/(memberOf|transitiveMemberOf|ownedObjects|licenseDetails)${PART}`, 2),
  row('POST', `${ME}/(getMemberGroups|getMemberObjects)`, 2),
  row('POST', `${ME}/(checkMemberGroups|checkMemberObjects|isMemberOf)`, 4),
  row('POST', '/directoryObjects/(getByIds|getObjectsById)', 5, 2),
]

/** A page of fewer objects than this costs less. */
const SMALL_PAGE = 20

/** What a request takes from the budget. @param url absolute, with Graph's version in its path */
export function costOf(method: string, url: URL): Cost {
  const path = url.pathname.replace(/^\/[^/]+/, '')
  const known = COSTS.find((candidate) => candidate.method === method && candidate.path.test(path))
  const writes = method === 'GET' || known ? 0 : 1
  const options = optionsOf(url)
  if (known?.unitsSelected !== undefined && options.has('select'))
    return { units: known.unitsSelected, writes, requests: 1 }
  const top = Number(options.get('top') ?? Number.POSITIVE_INFINITY)
  const modifiers = (options.has('select') ? -1 : 0) + (options.has('expand') ? 1 : 0) - (top < SMALL_PAGE ? 1 : 0)
  return { units: Math.max(1, (known?.units ?? 1) + modifiers), writes, requests: 1 }
}

/** Names in any case, with or without the dollar. */
const optionsOf = (url: URL): Map<string, string> =>
  new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase().replace(/^\$/, ''), value]))

/** What requests cost that are sent as one: a batch is no cheaper than its items. */
export const sumOf = (costs: readonly Cost[]): Cost => ({
  units: costs.reduce((sum, { units }) => sum + units, 0),
  writes: costs.reduce((sum, { writes }) => sum + writes, 0),
  requests: costs.reduce((sum, { requests }) => sum + requests, 0),
})
