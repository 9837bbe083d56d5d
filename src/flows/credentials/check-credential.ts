import { credentialInUse } from '#flows/credentials/list-credentials.ts'
import { expiring, warningStage } from '#model/credential.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet, asFleetOnTime } from '#store/database/open.ts'
import { closeIncident, listIncidents, openIncident } from '#store/incidents.ts'

type Needs = Parameters<typeof credentialInUse>[0]

/**
 * Warns 30, 14 and 3 days before the app's credential ends: as an incident, so that the console shows it and whoever is to
 * be told is told; in the log; and in the figures. A new credential ends the warning.
 */
export async function checkCredential(tools: Needs): Promise<void> {
  const { store, log, telemetry } = tools
  const { kind, expiresAt } = await credentialInUse(tools)
  if (expiresAt) telemetry.credentialEnds(expiresAt)
  const { now, open } = await asFleetOnTime(store, async (sql) => ({
    now: sql.now,
    open: await listIncidents(sql, { open: true }),
  }))
  const stage = expiresAt ? warningStage(expiresAt, now) : null
  const known = open.find(({ code }) => code === 'CREDENTIAL_EXPIRING')
  if (!expiresAt || stage === null) {
    if (known)
      await asFleet(store, async (sql) => {
        await closeIncident(sql, known.id, 'daemon')
        await addAudit(sql, {
          tenantId: null,
          actor: 'daemon',
          action: 'incident.closed',
          detail: { code: known.code },
        })
      })
    return
  }
  const again = known === undefined || warningStage(expiresAt, known.lastAt) !== stage
  const diagnosis = expiring({ kind, expiresAt }, now)
  await asFleet(store, (sql) => openIncident(sql, { tenantId: null, diagnosis, holds: false, again }))
  if (!again) return
  if (!known) telemetry.incidentOpened(diagnosis.code)
  log.warn({ diagnosis }, 'the app’s credential ends soon')
}
