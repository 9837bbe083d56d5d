import { raiseAlarm } from '#flows/raise-alarm.ts'
import type { TenantId } from '#model/ids.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { diagnose } from '#model/problem.ts'

/**
 * Does what one person has asked for. What must never happen is an incident here as anywhere; nothing else that fails is, as
 * one person's visit, or a terminal with whatever credential it has, says nothing about the fleet.
 */
export async function reportViolations<Value>(
  tools: Parameters<typeof raiseAlarm>[0],
  tenantId: TenantId,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    const diagnosis = diagnose(error)
    if (incidentMeantBy(diagnosis) === 'tenant') await raiseAlarm(tools, { tenantId, diagnosis })
    throw error
  }
}
