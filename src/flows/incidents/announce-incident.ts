import type { Incident } from '#model/incident.ts'
import type { openIncident } from '#store/incidents.ts'
import type { Tools } from '#tools.ts'

/** Counts an incident and writes it into the log, once. */
export function announceIncident(
  { telemetry, log }: Pick<Tools, 'telemetry' | 'log'>,
  { incident, isNew }: Awaited<ReturnType<typeof openIncident>>,
): Incident {
  const { id, code, tenantId, diagnosis } = incident
  if (isNew) {
    telemetry.incidentOpened(code)
    log.error({ incidentId: id, tenantId, diagnosis }, 'incident')
  }
  return incident
}
