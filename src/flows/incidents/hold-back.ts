import { tryToken } from '#flows/incidents/try-token.ts'
import { type Incident, incidentMeantBy } from '#model/incident.ts'
import type { Diagnosis } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { addHost, hearOf, removeHosts } from '#store/incident-hosts.ts'
import { findClosedByPerson, openIncident } from '#store/incidents.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'clock' | 'background' | 'host' | 'namedIn'> & Parameters<typeof tryToken>[0]

const KEY = 'our credential is refused'
const MINUTE = 60_000

/** Whether Microsoft refuses this process's credential: it leaves the work to those whose credential is accepted. */
export const isHoldingBack = ({ background }: Pick<Tools, 'background'>): boolean => background.isRunning(KEY)

/**
 * What Microsoft says at home, where no customer has a say and no visitor, to the credential of this process.
 * @returns null where it is accepted, or something else is in the way
 */
export async function refusalAtHome(tools: Parameters<typeof tryToken>[0]): Promise<Diagnosis | null> {
  const answer = await tryToken(tools, tools.entra.homeTenantId)
  return answer && incidentMeantBy(answer) === 'process' ? answer : null
}

/**
 * Opens an incident that names this machine, or adds it to those that one names already. What a person has closed while this
 * process held back stays closed until its credential has been accepted once.
 */
export const openHere = (
  { store, host, namedIn }: Pick<Tools, 'store' | 'host' | 'namedIn'>,
  diagnosis: Diagnosis,
): ReturnType<typeof openIncident> =>
  asFleet(store, async (sql) => {
    const settled = await findClosedByPerson(sql, { ids: [...namedIn], code: diagnosis.code })
    if (settled) return { incident: settled, isNew: false }
    const found = await openIncident(sql, { tenantId: null, diagnosis: ofThisMachine(diagnosis), holds: false })
    await addHost(sql, { id: found.incident.id, host })
    return found
  })

const ofThisMachine = (diagnosis: Diagnosis): Diagnosis => ({
  ...diagnosis,
  nextStep: `${diagnosis.nextStep} The machines that are named take no work until Microsoft accepts it; all others go on. Where it is only some, compare their credential and their clock with the others’.`,
})

/**
 * From now on this process takes no work of tenants, and nobody else’s is held: the others may have another secret, or a clock
 * that is right. Once a minute it asks at home whether that is over, and says that it is still there.
 */
export function holdBack(tools: Needs, refusal: Diagnosis, incident: Incident): void {
  const { background, log, host, namedIn } = tools
  namedIn.add(incident.id)
  if (background.start(KEY, (signal) => untilAccepted(tools, refusal, signal)) === 'started')
    log.error({ host, code: refusal.code }, 'Microsoft refuses the credential of this process: it takes no work')
}

/** Only a token tells that it is over: whatever else is answered says nothing of the credential. */
async function untilAccepted(tools: Needs, refusal: Diagnosis, signal: AbortSignal): Promise<void> {
  const { clock, entra, log, host, namedIn } = tools
  const { code } = refusal
  for (;;) {
    await clock.sleep(MINUTE, signal).catch(() => {})
    if (signal.aborted) return
    const isAccepted = (await tryToken(tools, entra.homeTenantId)) === null
    if (isAccepted) namedIn.clear()
    try {
      if (isAccepted) await closeOver(tools, { over: host })
      else await say(tools, refusal)
    } catch (error) {
      log.warn({ err: error }, 'the others could not be told of this process’s credential')
    }
    if (!isAccepted) continue
    log.info({ host, code }, 'Microsoft accepts the credential of this process: it takes work again')
    return
  }
}

/** A machine that was taken for silent is named again; what a person has closed stays closed. */
async function say(tools: Needs, refusal: Diagnosis): Promise<void> {
  const { store, host, namedIn } = tools
  const isKnown = await asFleet(
    store,
    async (sql) => (await hearOf(sql, host)) || (await findClosedByPerson(sql, { ids: [...namedIn] })) !== null,
  )
  if (!isKnown) holdBack(tools, refusal, (await openHere(tools, refusal)).incident)
}

/**
 * Closes what goes on on no machine any more.
 * @param input.over the machine on which it has ended just now; those that say nothing any more are taken off in any case
 */
export const closeOver = ({ store }: Pick<Needs, 'store'>, { over }: { over?: string } = {}): Promise<void> =>
  asFleet(store, async (sql) => {
    for (const code of await removeHosts(sql, over === undefined ? {} : { over }))
      await addAudit(sql, { tenantId: null, actor: 'daemon', action: 'incident.closed', detail: { code } })
  })
