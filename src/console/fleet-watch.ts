import { leftOf, type Span } from '#base/clock.ts'
import { oncePerKey } from '#base/once-per-key.ts'
import { type Fleet, overseeFleet } from '#flows/oversee-fleet.ts'
import type { Tools } from '#tools.ts'

/** However many operators and scrapers look at the same time, the database is asked once in so long. */
const FRESH_MILLISECONDS = 5_000
/** With very many tenants the answer takes longer; looking must not keep the database busy. */
const REST = 20

export type FleetWatch = {
  look(): Promise<Fleet>
  /** After something was changed here, so that whoever changed it sees it. */
  forget(): void
}

export function watchFleet(tools: Pick<Tools, 'store' | 'jobs' | 'clock' | 'config'>): FleetWatch {
  const inFlight = new Map<string, Promise<Fleet>>()
  let seen: Fleet | null = null
  let fresh: Span = { since: 0, milliseconds: 0 }

  const look = async () => {
    const began = tools.clock.now().getTime()
    const fleet = await overseeFleet(tools)
    const ended = tools.clock.now().getTime()
    seen = fleet
    fresh = { since: ended, milliseconds: Math.max(FRESH_MILLISECONDS, (ended - began) * REST) }
    return fleet
  }
  return {
    async look() {
      if (seen && leftOf(fresh, tools.clock.now().getTime()) > 0) return seen
      return oncePerKey(inFlight, 'fleet', look)
    },
    forget() {
      seen = null
    },
  }
}
