import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { areMost, type Incident, incidentMeantBy } from '#model/incident.ts'
import type { Diagnosis } from '#model/problem.ts'
import { lastEndings, openIncident, revokedSince, wasClosedByPerson } from '#store/incidents.ts'
import { asFleet, type FleetSql } from '#store/open.ts'
import { moveTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'clock' | 'jobs' | 'log' | 'telemetry' | 'hold'>

const HOUR = 3_600_000
/** So long an operator’s word that it is not the fleet’s trouble counts. */
const WORD_HOURS = 24

/**
 * Opens an incident when a failure is one: what must never happen in a tenant, what is ours and stops the work for
 * everybody, and what most tenants meet at the same time, which no customer has done.
 * @returns the incident when the failure says nothing about the tenant, so that its state is left alone; else null
 */
export async function raiseAlarm(
  tools: Needs,
  { tenantId, diagnosis }: { tenantId: TenantId | null; diagnosis: Diagnosis },
): Promise<Incident | null> {
  const means = incidentMeantBy(diagnosis)
  if (means === null) return null
  const { store, clock } = tools
  const opened = await asFleet(store, async (sql) => {
    if (means === 'tenant') return openIncident(sql, { tenantId, diagnosis, holds: false })
    if (means === 'fleet') return openIncident(sql, { tenantId: null, diagnosis, holds: true })
    const since = new Date(clock.now().getTime() - HOUR)
    const { same, lookedAt } = await lastEndings(sql, { since, code: diagnosis.code })
    if (!areMost(same, lookedAt)) return null
    const dayAgo = new Date(clock.now().getTime() - WORD_HOURS * HOUR)
    if (await wasClosedByPerson(sql, { code: diagnosis.code, since: dayAgo })) return null
    const found = await openIncident(sql, { tenantId: null, diagnosis: ofMost(diagnosis), holds: true })
    if (found.isNew) await restore(tools, sql, { since, diagnosis })
    return found
  })
  if (!opened) return null
  const { incident, isNew } = opened
  if (incident.holds) tools.hold.forget()
  if (isNew) {
    tools.telemetry.incidentOpened(incident.code)
    tools.log.error({ incidentId: incident.id, tenantId: incident.tenantId, diagnosis: incident.diagnosis }, 'incident')
  }
  return incident
}

/** Those that were taken for revoked before it was noticed are not: nobody has ended anything. */
async function restore(
  { jobs }: Pick<Needs, 'jobs'>,
  sql: FleetSql,
  { since, diagnosis }: { since: Date; diagnosis: Diagnosis },
): Promise<void> {
  for (const id of await revokedSince(sql, { since, code: diagnosis.code })) {
    const reason = 'Most tenants met the same at once: it was not this customer.'
    await moveTenant(sql, { id, to: 'active', actor: 'daemon', reason, diagnosis: null })
    await enqueue(jobs, sql, 'sync-tenant', { tenantId: id })
  }
}

const ofMost = (diagnosis: Diagnosis): Diagnosis => ({
  ...diagnosis,
  owner: 'operator',
  message: `Most tenants meet the same at once: ${diagnosis.message}`,
  nextStep:
    'Look at the app registration, and at messages from Microsoft about it, before you write to any customer. Nothing is asked of Microsoft meanwhile but whether it is over. If these customers really have left, close the incident.',
  retry: 'slowly',
  confidence: 'probable',
})
