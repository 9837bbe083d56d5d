import { oncePerKey } from '#base/once-per-key.ts'
import { type Fleet, overseeFleet } from '#flows/oversee-fleet.ts'
import type { Tools } from '#tools.ts'

/** However many operators and scrapers look at the same time, the database is asked once in so long. */
const FRESH_MILLISECONDS = 5_000

export type FleetWatch = {
  look(): Promise<Fleet>
  /** After something was changed here, so that whoever changed it sees it. */
  forget(): void
}

export function watchFleet(tools: Pick<Tools, 'store' | 'jobs' | 'clock'>): FleetWatch {
  const inFlight = new Map<string, Promise<Fleet>>()
  let seen: Fleet | null = null
  return {
    async look() {
      const age = seen ? tools.clock.now().getTime() - seen.at.getTime() : Number.POSITIVE_INFINITY
      if (seen && age < FRESH_MILLISECONDS) return seen
      const fleet = await oncePerKey(inFlight, 'fleet', () => overseeFleet(tools))
      seen = fleet
      return fleet
    },
    forget() {
      seen = null
    },
  }
}
