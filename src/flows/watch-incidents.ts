import { givesToken } from '#flows/weigh-departures.ts'
import { type Incident, incidentMeantBy } from '#model/incident.ts'
import { addAudit } from '#store/audit.ts'
import { closeIncident, lastEndings, listIncidents, markUntold, takeUntold } from '#store/incidents.ts'
import { asFleet } from '#store/open.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'clock' | 'entra' | 'log' | 'config' | 'hold' | 'sendAlert'>

const HOUR = 3_600_000
/** So many tenants are asked whether it is over, and most of them must say so. */
const ASKED = 3

/** Tells whoever is to be told of incidents, and looks whether what holds the work is over. */
export async function watchIncidents(tools: Needs): Promise<void> {
  await tell(tools)
  const open = await asFleet(tools.store, (sql) => listIncidents(sql, { open: true }))
  for (const incident of open) if (incident.holds && (await isOver(tools, incident))) await end(tools, incident)
}

/** An alert that cannot be delivered is tried again with the next round. */
async function tell({ store, log, config, sendAlert }: Needs): Promise<void> {
  if (!sendAlert) return
  for (const incident of await asFleet(store, takeUntold)) {
    const { id, code, tenantId, openedAt, diagnosis } = incident
    const where = tenantId ? `in tenant ${tenantId}` : 'for all tenants'
    try {
      await sendAlert({
        text: `${config.app.name}: ${code} ${where}. ${diagnosis.message} ${diagnosis.nextStep}`,
        app: config.app.name,
        incident: { id, code, tenantId, openedAt: openedAt.toISOString(), owner: diagnosis.owner },
        console: `${config.consoleUrl}/incidents`,
      })
    } catch (error) {
      log.warn({ err: error, incidentId: id }, 'an alert could not be sent')
      await asFleet(store, (sql) => markUntold(sql, id))
    }
  }
}

/** One token at home tells of the app itself; of what most tenants met, only tenants tell. */
async function isOver({ store, entra, clock }: Needs, { code, diagnosis, openedAt }: Incident): Promise<boolean> {
  const ofMost = incidentMeantBy(diagnosis) === 'fleet-if-many'
  const since = new Date(Math.min(openedAt.getTime(), clock.now().getTime()) - HOUR)
  const tenantIds = ofMost
    ? (await asFleet(store, (sql) => lastEndings(sql, { since, code }))).tenantIds.slice(0, ASKED)
    : [entra.homeTenantId]
  const answers = await Promise.all(tenantIds.map((tenantId) => givesToken(entra, tenantId)))
  return answers.filter(Boolean).length * 2 > answers.length
}

async function end({ store, hold, log }: Needs, { id, code }: Incident): Promise<void> {
  await asFleet(store, async (sql) => {
    await closeIncident(sql, id, 'daemon')
    await addAudit(sql, { tenantId: null, actor: 'daemon', action: 'incident.closed', detail: { code } })
  })
  hold.forget()
  log.info({ incidentId: id, code }, 'what held the work is over')
}
