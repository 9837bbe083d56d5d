import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Aside } from '#base/places.ts'
import type { Budget } from '#graph/budget.ts'
import type { Cloud } from '#model/cloud.ts'
import type { TenantId } from '#model/ids.ts'
import type { Outbound } from '#outbound/open.ts'
import type { Telemetry } from '#telemetry/open.ts'

/** `fresh` past any cache, after Graph has refused the one before; `claims`, as JSON, that Graph wants it to be asked for with. */
export type TokenWish = { fresh?: boolean; claims?: string }

/** Gate two: Microsoft Graph in one tenant, as whoever the token function speaks for. */
export type Graph = {
  cloud: Cloud
  outbound: Outbound
  tenantId: TenantId
  token: (wish?: TokenWish) => Promise<string>
  /** Whether the token is a person’s: there is no other one until he signs in again. */
  signedIn?: true
  clock: Clock
  log: Log
  /** `high` while a person waits, `low` for background work. @see https://learn.microsoft.com/graph/throttling#best-practices-to-handle-throttling */
  priority: 'high' | 'low'
  /** Graph's limits, shared by all processes. */
  budget?: Budget
  telemetry?: Telemetry
  /** A longer pause than this is not waited out: it is thrown as THROTTLED, so that a worker can do something else meanwhile. */
  longestPauseMilliseconds?: number
  /** Lets a worker do something for another tenant while this one waits; without it the worker waits, too. */
  aside?: Aside
}

export const openGraph = (graph: Graph): Graph => graph
