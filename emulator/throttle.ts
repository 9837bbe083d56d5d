import { z } from 'zod'
import type { Clock } from '#emulator/clock.ts'
import type { Guid } from '#emulator/directory/types.ts'

/** Microsoft Graph's limits on identity and access; off unless switched on. */
export const throttleSchema = z.strictObject({
  on: z.boolean().default(false),
  /** 0.01: a hundredth of every limit, so that a test reaches it with a few calls. */
  limitScale: z.number().positive().default(1),
  /** Whether a refusal says how long to wait. Both happen. */
  retryAfter: z.enum(['seconds', 'date', 'none']).default('seconds'),
})
export type ThrottleSettings = z.output<typeof throttleSchema>
export const NO_THROTTLE: ThrottleSettings = { on: false, limitScale: 1, retryAfter: 'seconds' }

export type Charge = {
  appId: Guid
  tenantId: Guid
  /** Of the tenant: its limit grows with it. */
  users: number
  units: number
  writes: number
}

/** How full the fullest bucket is (1: full); for a refusal, which one it was and when there is room again. */
export type Verdict = {
  share: number
  refusal: { scope: string; information: string; waitSeconds: number } | null
}

export type Throttle = {
  settings(): ThrottleSettings
  /** Empties all buckets. */
  set(settings: ThrottleSettings): void
  /** Counts a request, refused or not: retrying at once makes it worse. */
  charge(charge: Charge): Verdict
}

type Limit = {
  scope: 'Tenant_Application' | 'Application' | 'Tenant'
  kind: 'ReadWrite' | 'Write'
  information: string
  amount: number
  periodSeconds: number
  cost: number
}

/** @see https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits */
const limitsFor = ({ users, units, writes }: Charge): Limit[] => {
  const size = users < 50 ? 3_500 : users <= 500 ? 5_000 : 8_000
  const limit = (
    scope: Limit['scope'],
    kind: Limit['kind'],
    cost: number,
    amount: number,
    periodSeconds: number,
    information = kind === 'Write' ? 'WriteLimitExceeded' : 'ResourceUnitLimitExceeded',
  ): Limit => ({ scope, kind, information, amount, periodSeconds, cost })
  return [
    limit('Tenant_Application', 'ReadWrite', units, size, 10),
    limit('Tenant_Application', 'Write', writes, 3_000, 150),
    limit('Application', 'ReadWrite', units, 150_000, 20),
    limit('Application', 'Write', writes, 35_000, 300),
    limit('Tenant', 'Write', writes, 18_000, 300),
    limit('Application', 'ReadWrite', 1, 130_000, 10, 'RequestLimitExceeded'),
  ].filter(({ cost }) => cost > 0)
}

/** Beyond this a bucket does not fill: who hammers is not locked out for ever. */
const MAX_SHARE = 1.8

type Bucket = { used: number; at: number }

/** Token buckets: what was used leaks away evenly, so that a full limit comes back in one period. */
export function openThrottle(clock: Clock): Throttle {
  let settings = NO_THROTTLE
  let buckets = new Map<string, Bucket>()

  const fill = (key: string, { amount, periodSeconds, cost }: Limit) => {
    const capacity = amount * settings.limitScale
    const leakPerSecond = capacity / periodSeconds
    const now = clock.now().getTime() / 1000
    const known = buckets.get(key)
    const left = known ? Math.max(0, known.used - Math.max(0, now - known.at) * leakPerSecond) : 0
    const used = Math.min(left + cost, capacity * MAX_SHARE)
    buckets.set(key, { used, at: now })
    return { share: used / capacity, waitSeconds: left + cost > capacity ? (used - capacity) / leakPerSecond : 0 }
  }

  return {
    settings: () => settings,
    set(next) {
      settings = next
      buckets = new Map()
    },
    charge(charge) {
      const { appId, tenantId } = charge
      let share = 0
      let refusal: Verdict['refusal'] = null
      for (const limit of limitsFor(charge)) {
        const { scope, kind, information } = limit
        const owner = { Tenant_Application: `${appId}/${tenantId}`, Application: appId, Tenant: tenantId }[scope]
        const filled = fill(`${scope} ${information} ${owner}`, limit)
        share = Math.max(share, filled.share)
        if (filled.waitSeconds > (refusal?.waitSeconds ?? 0))
          refusal = {
            scope: `${scope}/${kind}/${appId}/${tenantId}`,
            information,
            waitSeconds: filled.waitSeconds,
          }
      }
      return { share, refusal }
    },
  }
}
