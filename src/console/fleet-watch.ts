import { type AtLeisure, atLeisure } from '#console/at-leisure.ts'
import { type Fleet, overseeFleet } from '#flows/fleet/oversee-fleet.ts'
import type { Tools } from '#tools.ts'

/** However many operators and scrapers look at the same time, the database is asked once in so long, or more seldom. */
const FRESH_MILLISECONDS = 5_000

export type FleetWatch = AtLeisure<Fleet>

export const watchFleet = (tools: Pick<Tools, 'store' | 'jobs' | 'clock' | 'config'>): FleetWatch =>
  atLeisure(tools.clock, () => overseeFleet(tools), { freshMilliseconds: FRESH_MILLISECONDS })
