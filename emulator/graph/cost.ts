import type { Call } from '#emulator/graph/call.ts'
import { GraphError } from '#emulator/graph/errors.ts'
import type { Options } from '#emulator/graph/odata/options.ts'
import type { Route } from '#emulator/graph/route.ts'
import type { Priority } from '#emulator/throttle.ts'

const FEW = 20
const WARN_FROM = 0.8

/**
 * Resource units of one request: the table's, one less for $select and for a small page, one more for $expand.
 * @see https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
 */
export function unitsOf({ units = 1, unitsSelected }: Route, { select, expand, top }: Options): number {
  if (select !== null && unitsSelected !== undefined) return unitsSelected
  const modifiers = (select === null ? 0 : -1) + (expand.length > 0 ? 1 : 0) + (top !== null && top < FEW ? -1 : 0)
  return Math.max(1, units + modifiers)
}

/**
 * Charges a request to its buckets, where throttling is on.
 * @returns the headers that tell the client what it cost, and how near the limit is
 * @throws GraphError 429
 */
export async function charge(call: Call, route: Route): Promise<Record<string, string>> {
  const units = unitsOf(route, call.options)
  const headers: Record<string, string> = { 'x-ms-resource-unit': String(units) }
  const { caller, contents } = call
  const { throttle, clock } = call.world
  const { on, retryAfter } = throttle.settings()
  if (!on) return headers
  const { share, refusal } = throttle.charge({
    appId: caller.application.appId,
    tenantId: caller.tenantId,
    users: contents.users.size,
    units,
    writes: route.method === 'GET' || route.isRead ? 0 : 1,
    priority: priorityOf(call),
    isPersonalApplication: (await route.isPersonalApplication?.(call)) ?? false,
  })
  if (share > WARN_FROM) headers['x-ms-throttle-limit-percentage'] = share.toFixed(2)
  if (!refusal) return headers
  const seconds = Math.max(1, Math.ceil(refusal.waitSeconds))
  if (retryAfter === 'fraction') headers['retry-after'] = Math.max(0.001, refusal.waitSeconds).toFixed(3)
  if (retryAfter === 'seconds') headers['retry-after'] = String(seconds)
  if (retryAfter === 'date') headers['retry-after'] = new Date(clock.now().getTime() + seconds * 1000).toUTCString()
  headers['x-ms-throttle-scope'] = refusal.scope
  headers['x-ms-throttle-information'] = refusal.information
  throw new GraphError(429, 'TooManyRequests', 'Please retry again later.', {
    headers,
    inner: { code: '429', message: 'Please retry after', status: '429' },
  })
}

/** Anything but the two words is normal. */
function priorityOf({ header }: Call): Priority {
  const asked = header('x-ms-throttle-priority')?.trim().toLowerCase()
  return asked === 'low' || asked === 'high' ? asked : 'normal'
}
