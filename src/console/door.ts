import type { FleetWatch } from '#console/fleet-watch.ts'
import type { Sessions } from '#console/session.ts'
import type { Operator } from '#model/administrator.ts'
import type { TenantId } from '#model/ids.ts'
import type { Site } from '#pages/layout.ts'
import type { Streams } from '#pages/streams.ts'
import { asFleet } from '#store/database/open.ts'
import { isRefusedSomewhere } from '#store/incident-hosts.ts'
import type { Tools } from '#tools.ts'

/** What every route of this site works with. */
export type Door = { tools: Tools; site: Site; sessions: Sessions; fleet: FleetWatch; streams: Streams }

/** What is known of a request once its session has been looked at. */
export type Env = { Variables: { operator: Operator } }

/** Who did it, as the audit says. */
export const actorOf = ({ objectId }: Pick<Operator, 'objectId'>): string => `operator:${objectId}`

/** A link to hand out: only administrators of that tenant can finish what it begins. */
export const invitationLink = ({ tools }: Pick<Door, 'tools'>, tenantId: TenantId): string =>
  `${tools.config.publicUrl}/?tenant=${tenantId}`

/** When what somebody has just asked for is done, in words. */
export async function whenItBegins({ tools }: Door): Promise<string> {
  if (await tools.hold.isOn()) return 'when the incident that holds the work is over'
  const isRefused = await asFleet(tools.store, isRefusedSomewhere)
  return isRefused ? 'as soon as a worker is free whose credential Microsoft accepts' : 'as soon as a worker is free'
}
