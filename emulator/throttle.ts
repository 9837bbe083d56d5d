import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '#emulator/clock.ts'
import type { Guid } from '#emulator/directory/types.ts'

/** Microsoft Graph's limits on identity and access; off unless switched on. */
export const throttleSchema = z.strictObject({
  on: z.boolean().default(false),
  /** 0.01: a hundredth of every limit, so that a test reaches it with a few calls. */
  limitScale: z.number().positive().default(1),
  /** Whether a refusal says how long to wait, and in which of the spellings that Graph has. */
  retryAfter: z.enum(['seconds', 'fraction', 'date', 'none']).default('seconds'),
  /** `share`, as documented: at 1.2 of a limit a fifth is refused, at 1.8 four fifths. `all`: whatever is over the limit. */
  refuses: z.enum(['share', 'all']).default('share'),
  /** Decides which requests make up the share; the same seed refuses the same ones. */
  seed: z.number().int().default(1),
})
export type ThrottleSettings = z.output<typeof throttleSchema>
export const NO_THROTTLE: ThrottleSettings = throttleSchema.parse({})

export type Priority = 'low' | 'normal' | 'high'

export type Charge = {
  appId: Guid
  tenantId: Guid
  /** Of the tenant: its limit grows with it. */
  users: number
  units: number
  writes: number
  /** What the client asks for in `x-ms-throttle-priority`. */
  priority: Priority
  /** A write to an application that takes personal accounts, which has a far smaller limit. */
  isPersonalApplication: boolean
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
const limitsFor = ({ users, units, writes, isPersonalApplication }: Charge): Limit[] => {
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
    // Older copies of the page say 70,000.
    isPersonalApplication
      ? limit('Application', 'Write', writes, 60, 60)
      : limit('Application', 'Write', writes, 35_000, 300),
    limit('Tenant', 'Write', writes, 18_000, 300),
    limit('Application', 'ReadWrite', 1, 130_000, 10, 'RequestLimitExceeded'),
  ].filter(({ cost }) => cost > 0)
}

/** Beyond this a bucket does not fill: who hammers is not locked out for ever. */
const MAX_SHARE = 1.8

/** How much has to be owed before a request is refused: low priority goes first, high last, and the limit stays the same. */
const PATIENCE: Readonly<Record<Priority, number>> = { low: 0, normal: 1, high: 2 }

/** `owed`: how many of the requests so far should have been refused, and were not. */
type Bucket = { used: number; at: number; owed: number }

/** Token buckets: what was used leaks away evenly, so that a full limit comes back in one period. */
export function openThrottle(clock: Clock): Throttle {
  let settings = NO_THROTTLE
  let buckets = new Map<string, Bucket>()

  const fill = (key: string, { amount, periodSeconds, cost }: Limit, priority: Priority) => {
    const capacity = amount * settings.limitScale
    const leakPerSecond = capacity / periodSeconds
    const now = clock.now().getTime() / 1000
    const known = buckets.get(key)
    const left = known ? Math.max(0, known.used - Math.max(0, now - known.at) * leakPerSecond) : 0
    const used = Math.min(left + cost, capacity * MAX_SHARE)
    const share = used / capacity
    const isOver = left + cost > capacity
    const owed = isOver ? (known?.owed ?? phaseOf(settings.seed, key)) + share - 1 : phaseOf(settings.seed, key)
    const isRefused = isOver && (settings.refuses === 'all' || owed > PATIENCE[priority])
    buckets.set(key, { used, at: now, owed: isRefused ? owed - 1 : owed })
    return { share, waitSeconds: isRefused ? (used - capacity) / leakPerSecond : null }
  }

  return {
    settings: () => settings,
    set(next) {
      settings = next
      buckets = new Map()
    },
    charge(charge) {
      const { appId, tenantId, priority } = charge
      let share = 0
      let refusal: Verdict['refusal'] = null
      for (const limit of limitsFor(charge)) {
        const { scope, kind, information } = limit
        const owner = { Tenant_Application: `${appId}/${tenantId}`, Application: appId, Tenant: tenantId }[scope]
        const filled = fill(`${scope} ${information} ${limit.amount} ${owner}`, limit, priority)
        share = Math.max(share, filled.share)
        if (filled.waitSeconds !== null && filled.waitSeconds > (refusal?.waitSeconds ?? -1))
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

/** Below one, the same for the same seed and bucket: where in the row of requests the first refusal comes. */
const phaseOf = (seed: number, key: string): number =>
  createHash('sha256').update(`${seed} ${key}`).digest().readUInt32BE() / 2 ** 32
