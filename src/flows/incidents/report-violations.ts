import { announceIncident } from '#flows/incidents/announce-incident.ts'
import type { TenantId } from '#model/ids.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { diagnose } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { openIncident } from '#store/incidents.ts'
import type { Tools } from '#tools.ts'

/**
 * Does what one person has asked for, or what is asked to find something out. What must never happen is an incident here as
 * anywhere; nothing else that fails is, as one person's visit, or a terminal with whatever credential it has, says nothing
 * about the fleet.
 */
export async function reportViolations<Value>(
  tools: Pick<Tools, 'store' | 'telemetry' | 'log'>,
  tenantId: TenantId,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    const diagnosis = diagnose(error)
    if (incidentMeantBy(diagnosis) === 'tenant')
      await asFleet(tools.store, (sql) => openIncident(sql, { tenantId, diagnosis, holds: false })).then(
        (opened) => announceIncident(tools, opened),
        (second: unknown) => tools.log.error({ err: second, tenantId, diagnosis }, 'an incident could not be stored'),
      )
    throw error
  }
}
