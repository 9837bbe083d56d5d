import { announceIncident } from '#flows/incidents/announce-incident.ts'
import { holdBack, openHere, refusalAtHome } from '#flows/incidents/hold-back.ts'
import { areDepartures, giveTokens } from '#flows/incidents/weigh-departures.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { beginOf, type Incident, incidentMeantBy, shareOf } from '#model/incident.ts'
import type { Diagnosis, ProblemCode } from '#model/problem.ts'
import { asFleet, asFleetOnTime, type FleetSql } from '#store/database/open.ts'
import { lastEndings, openIncident, revokedSince, wasClosedByPerson } from '#store/incidents.ts'
import { moveTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<
  Tools,
  'store' | 'clock' | 'jobs' | 'entra' | 'log' | 'telemetry' | 'hold' | 'background' | 'host' | 'namedIn'
>
type Failure = { tenantId: TenantId | null; diagnosis: Diagnosis }
type Opened = Awaited<ReturnType<typeof openIncident>>

/** So long an operator’s word that it is not the fleet’s trouble counts. */
const WORD_HOURS = 24
/** What a service refuses to whom Entra ID gives a token stops the work that asks for it, and no other. */
const GRAPH_SAYS_IT_TOO: readonly ProblemCode[] = ['RESOURCE_UNAVAILABLE', 'CONDITIONAL_ACCESS']

const OPENS = {
  tenant: ({ store }, failure) => asFleet(store, (sql) => openIncident(sql, { ...failure, holds: false })),
  process: openIfRefusedAtHome,
  'fleet-if-many': openIfMany,
} satisfies Record<string, (tools: Needs, failure: Failure) => Promise<Opened | null>>

/**
 * Opens an incident when a failure is one: what must never happen in a tenant, what is ours and stops the work of this
 * process, and what most tenants meet at the same time, which no customer has done.
 * @returns the incident when the failure says nothing about the tenant, so that its state is left alone; else null
 */
export async function raiseAlarm(tools: Needs, { tenantId, diagnosis }: Failure): Promise<Incident | null> {
  const means = incidentMeantBy(diagnosis)
  if (means === null) return null
  const opened = await OPENS[means](tools, { tenantId, diagnosis })
  if (!opened) return null
  if (opened.incident.holds) tools.hold.forget()
  return announceIncident(tools, opened)
}

/**
 * Whatever is said of our credential in one tenant, or to one visitor, is nobody's incident while it is accepted at home. Where
 * home refuses it, too, this process holds itself back, and only itself: it knows nothing of the others' credentials and clocks.
 */
async function openIfRefusedAtHome(tools: Needs, { diagnosis }: Failure): Promise<Opened | null> {
  const { log } = tools
  const refusal = await refusalAtHome(tools)
  if (!refusal) {
    log.warn({ diagnosis }, 'our credential was refused, but not at home')
    return null
  }
  const opened = await openHere(tools, refusal)
  holdBack(tools, refusal, opened.incident)
  return opened
}

/** Only when most of the latest tenants met the same, no person has said otherwise, and it is not their own doing. */
async function openIfMany(tools: Needs, { diagnosis }: Failure): Promise<Opened | null> {
  const { store, log } = tools
  const { code } = diagnosis
  const { share, tenantIds } = await asFleetOnTime(store, async (sql) => {
    const { same, lookedAt, tenantIds } = await lastEndings(sql, { since: beginOf(sql.now), code })
    const settled = await wasClosedByPerson(sql, { code, hours: WORD_HOURS })
    return { share: settled ? 'few' : shareOf(same, lookedAt), tenantIds }
  })
  if (share === 'few') return null
  const isHeld = await tools.hold.isOn()
  if (share === 'most' && !isHeld && (await areDepartures(tools, { tenantIds, diagnosis }))) {
    log.warn({ code, tenants: tenantIds.length }, 'many tenants failed alike, but the app works at home and elsewhere')
    return null
  }
  if (GRAPH_SAYS_IT_TOO.includes(code) && !isHeld && (await giveTokens(tools, tenantIds))) {
    log.warn({ code, tenants: tenantIds.length }, 'many tenants failed alike, but Entra ID gives tokens there')
    return null
  }
  return asFleet(store, async (sql) => {
    const found = await openIncident(sql, { tenantId: null, diagnosis: ofMost(diagnosis), holds: true })
    if (found.isNew) await restore(tools, sql, { since: beginOf(found.incident.openedAt), diagnosis })
    return found
  })
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
