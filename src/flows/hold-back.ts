import { appToken } from '#entra/app-token.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { type Diagnosis, diagnose, type ProblemCode } from '#model/problem.ts'
import { addAudit } from '#store/audit.ts'
import { hearOf, removeHosts } from '#store/incident-hosts.ts'
import { asFleet } from '#store/open.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'clock' | 'entra' | 'log' | 'background' | 'host'>

const KEY = 'our credential is refused'
const MINUTE = 60_000
const NO_WORD: readonly ProblemCode[] = ['NETWORK', 'UNAVAILABLE', 'THROTTLED']

/** Whether Microsoft refuses this process's credential: it leaves the work to those whose credential is accepted. */
export const isHoldingBack = ({ background }: Pick<Tools, 'background'>): boolean => background.isRunning(KEY)

/**
 * What Microsoft says at home, where no customer has a say and no visitor, to the credential of this process.
 * @returns null where it is accepted, or something else is in the way
 */
export async function refusalAtHome(entra: Tools['entra']): Promise<Diagnosis | null> {
  const answer = await answerAtHome(entra)
  return answer && incidentMeantBy(answer) === 'process' ? answer : null
}

const answerAtHome = (entra: Tools['entra']): Promise<Diagnosis | null> =>
  appToken(entra, entra.homeTenantId, { fresh: true }).then(() => null, diagnose)

/**
 * From now on this process takes no work of tenants, and nobody else’s is held: the others may have another secret, or a clock
 * that is right. Once a minute it asks at home whether that is over, and says that it is still there.
 */
export function holdBack(tools: Needs, { code }: Pick<Diagnosis, 'code'>): void {
  const { log, host } = tools
  if (tools.background.start(KEY, (signal) => untilAccepted(tools, code, signal)) === 'started')
    log.error({ host, code }, 'Microsoft refuses the credential of this process: it takes no work')
}

async function untilAccepted(tools: Needs, code: ProblemCode, signal: AbortSignal): Promise<void> {
  const { store, clock, entra, log, host } = tools
  for (;;) {
    await clock.sleep(MINUTE, signal).catch(() => {})
    if (signal.aborted) return
    const answer = await answerAtHome(entra)
    const stillThere = answer !== null && (incidentMeantBy(answer) === 'process' || NO_WORD.includes(answer.code))
    try {
      await asFleet(store, async (sql) => {
        if (stillThere) return hearOf(sql, clock, { code, host })
        for (const closed of await removeHosts(sql, clock, { over: host }))
          await addAudit(sql, { tenantId: null, actor: 'daemon', action: 'incident.closed', detail: { code: closed } })
      })
    } catch (error) {
      log.warn({ err: error }, 'the others could not be told of this process’s credential')
    }
    if (stillThere) continue
    log.info({ host, code }, 'Microsoft accepts the credential of this process: it takes work again')
    return
  }
}
