import { waitForGraph } from '#flows/runs/wait-for-graph.ts'
import { loseConsent } from '#flows/tenants/lose-consent.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { type Diagnosis, diagnose } from '#model/problem.ts'
import { restMinutes } from '#model/rest.ts'
import { asTenant, type TenantSql } from '#store/database/open.ts'
import { finishRun, superseded } from '#store/sync-runs.ts'
import { lockTenant } from '#store/tenants.ts'

type Needs = Parameters<typeof loseConsent>[0]

/**
 * The end of a run whose work failed: put off where Graph asks for patience, else recorded, with what follows for the
 * tenant. Returns when it goes on later.
 * @param input.signal aborted when it was told to stop: then a failure says nothing about the tenant, unless it must never happen
 * @param input.goOn puts it into the queue again, due in so long
 * @param input.letRest leaves its work alone for so long
 * @throws what stopped it; Problem RUN_SUPERSEDED when another process has taken it over meanwhile
 */
export async function endBadly(
  tools: Needs,
  {
    tenantId,
    runId,
    error: thrown,
    signal,
    goOn,
    letRest,
  }: {
    tenantId: TenantId
    runId: RunId
    error: unknown
    signal: AbortSignal
    goOn: (sql: TenantSql, inMilliseconds: number) => Promise<unknown>
    letRest: (sql: TenantSql, minutes: number) => Promise<void>
  },
): Promise<void> {
  /** The second failure is what the queue goes by, as nothing was recorded; the first one is to be found all the same. */
  const unrecorded = (second: unknown): never => {
    if (diagnose(second).code !== diagnosis.code)
      tools.log.warn({ err: error, tenantId, runId }, 'what stopped a run could not be recorded')
    throw second
  }
  const isStopped = (diagnosis: Diagnosis) => signal.aborted && incidentMeantBy(diagnosis) !== 'tenant'
  let error = thrown
  let diagnosis = diagnose(error)
  if (diagnosis.code === 'RUN_SUPERSEDED') throw error
  if (diagnosis.code === 'THROTTLED' && !isStopped(diagnosis)) {
    const hopeless = await waitForGraph(tools, { tenantId, runId, diagnosis }, goOn).catch(unrecorded)
    if (!hopeless) return
    error = hopeless
    diagnosis = hopeless.diagnosis
  }
  const stopped = isStopped(diagnosis)
  const rest = stopped ? 0 : restMinutes(diagnosis)
  const stillOurs = await asTenant(tools.store, tenantId, async (sql) => {
    const ending = stopped
      ? ({ state: 'interrupted', diagnosis: null } as const)
      : ({ state: 'failed', diagnosis } as const)
    // The tenant before its run, as whoever begins the next one takes them.
    if (rest > 0) await lockTenant(sql, tenantId)
    const isOurs = await finishRun(sql, runId, ending)
    if (isOurs && rest > 0) await letRest(sql, rest)
    return isOurs
  }).catch(unrecorded)
  // What was heard before somebody else took over says nothing any more, unless it must never have happened.
  if (!stillOurs && incidentMeantBy(diagnosis) !== 'tenant') throw superseded()
  if (!stopped) await loseConsent(tools, { tenantId, actor: 'daemon', error }).catch(unrecorded)
  throw error
}
