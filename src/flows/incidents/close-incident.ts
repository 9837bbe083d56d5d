import { beginOf, type Incident, type IncidentId } from '#model/incident.ts'
import { Problem } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { endRests } from '#store/end-rests.ts'
import { closeIncident } from '#store/incidents.ts'
import type { Tools } from '#tools.ts'

/** A person has looked at it. What it held goes on; should it happen again, it is a new incident. @throws Problem INCIDENT_UNKNOWN */
export async function closeIncidentBy(
  { store, hold }: Pick<Tools, 'store' | 'hold'>,
  { id, actor }: { id: IncidentId; actor: string },
): Promise<Incident> {
  const closed = await asFleet(store, async (sql) => {
    const incident = await closeIncident(sql, id, actor)
    if (incident?.closedBy === actor)
      await addAudit(sql, {
        tenantId: incident.tenantId,
        actor,
        action: 'incident.closed',
        detail: { code: incident.code },
      })
    if (incident?.holds && incident.closedBy === actor)
      await endRests(sql, { since: beginOf(incident.openedAt), code: incident.code })
    return incident
  })
  hold.forget()
  if (closed) return closed
  throw new Problem({
    code: 'INCIDENT_UNKNOWN',
    owner: 'operator',
    message: 'There is no such incident.',
    nextStep: 'Look for its id with `tenantry incidents list`.',
    retry: 'never',
    confidence: 'certain',
  })
}
