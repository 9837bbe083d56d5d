import { closeOver, isHoldingBack } from '#flows/incidents/hold-back.ts'
import { giveTokens } from '#flows/incidents/weigh-departures.ts'
import { beginOf, type Incident, incidentMeantBy } from '#model/incident.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { endRests } from '#store/end-rests.ts'
import { closeIncident, lastEndings, listIncidents, listUntold, markTold } from '#store/incidents.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'config' | 'hold' | 'background' | 'sendAlert'> & Parameters<typeof giveTokens>[0]

/** Tells whoever is to be told of incidents, and looks whether what holds the work is over. */
export async function watchIncidents(tools: Needs): Promise<void> {
  await tell(tools)
  // What goes on on some machines they close themselves, unless they stopped before it was over.
  await closeOver(tools)
  // To whom everything is refused nothing tells whether it is over: that is left to the others.
  if (isHoldingBack(tools)) return
  const open = await asFleet(tools.store, (sql) => listIncidents(sql, { open: true }))
  for (const incident of open) if (incident.holds && (await isOver(tools, incident))) await end(tools, incident)
}

/** An alert that cannot be delivered is tried again with the next round, and so are those behind it: each may take long to fail. */
async function tell({ store, log, config, sendAlert }: Needs): Promise<void> {
  if (!sendAlert) return
  for (const incident of await asFleet(store, listUntold)) {
    const { id, code, tenantId, hosts, openedAt, diagnosis } = incident
    const where = tenantId ? `in tenant ${tenantId}` : hosts.length > 0 ? `on ${hosts.join(', ')}` : 'for all tenants'
    try {
      await sendAlert({
        text: `${config.app.name}: ${code} ${where}. ${diagnosis.message} ${diagnosis.nextStep}`,
        app: config.app.name,
        incident: { id, code, tenantId, hosts, openedAt: openedAt.toISOString(), owner: diagnosis.owner },
        console: `${config.consoleUrl}/incidents`,
      })
    } catch (error) {
      log.warn({ err: error, incidentId: id }, 'an alert could not be sent')
      return
    }
    await asFleet(store, (sql) => markTold(sql, incident))
  }
}

/**
 * One token at home tells of our credential, which an older release may have opened one for all tenants for; of what most tenants met, only tenants tell: those that met it last. Where
 * each of them has been read since, by who had not heard of it yet, home tells whether there is anything left of it.
 */
async function isOver(tools: Needs, { code, diagnosis, openedAt }: Incident): Promise<boolean> {
  const home = [tools.entra.homeTenantId]
  if (incidentMeantBy(diagnosis) !== 'fleet-if-many') return giveTokens(tools, home)
  const { tenantIds } = await asFleet(tools.store, (sql) => lastEndings(sql, { since: beginOf(openedAt), code }))
  return giveTokens(tools, tenantIds.length > 0 ? tenantIds : home)
}

async function end({ store, hold, log }: Needs, { id, code, openedAt }: Incident): Promise<void> {
  await asFleet(store, async (sql) => {
    await closeIncident(sql, id, 'daemon')
    await endRests(sql, { since: beginOf(openedAt), code })
    await addAudit(sql, { tenantId: null, actor: 'daemon', action: 'incident.closed', detail: { code } })
  })
  hold.forget()
  log.info({ incidentId: id, code }, 'what held the work is over')
}
