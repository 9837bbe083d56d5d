import { randomUUID } from 'node:crypto'
import type { Aside } from '#base/places.ts'
import { appToken } from '#entra/app-token.ts'
import { endBadly } from '#flows/runs/end-badly.ts'
import { diagnoseResource } from '#flows/sync/diagnose-resource.ts'
import { syncResource } from '#flows/sync/sync-resource.ts'
import { settleDoubt } from '#flows/tenants/settle-doubt.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { missingRoles } from '#model/permission.ts'
import { diagnose, type ProblemCode } from '#model/problem.ts'
import { readableResources } from '#model/resources-of.ts'
import { sizeOf } from '#model/throttle.ts'
import { moveOn, type Unchanged } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import { letRunWait, superseded } from '#store/sync-runs.ts'
import { letRest } from '#store/tenants.ts'
import type { GraphOptions, Tools } from '#tools.ts'

type Needs = Pick<Tools, 'config' | 'rounds' | 'budget' | 'graphAsApp'> & Parameters<typeof endBadly>[0]

/** A giant tenant makes room for the others after so long; it goes on behind those that wait by then, and before who comes later. */
const SLICE_MILLISECONDS = 20_000
/** A longer pause is waited out in the queue. */
const LONGEST_PAUSE_MILLISECONDS = 2_000

/** What stands in the way of one kind alone: the others are read all the same, and their links used before they are too old. */
const STOPS_ONE_KIND: readonly ProblemCode[] = [
  'REMOVAL_TOO_LARGE',
  'SYNC_STATE_LOST',
  'GRAPH_REFUSED',
  'NOT_FOUND',
  'PERMISSION_MISSING',
  'RESOURCE_UNAVAILABLE',
]

/**
 * Brings what is stored of a tenant's directory up to date. Each page, its counters and the cursor are saved
 * together, so that it is safe to repeat and to kill: it goes on at the page it had reached. Only what the app declares and
 * the tenant grants is read. When Graph asks for patience,
 * or others have waited long enough, it puts its own continuation into the queue and ends.
 * @throws Problem what stopped it, after recording it with the run and with the tenant
 */
export async function syncTenant(
  tools: Needs,
  {
    tenantId,
    signal,
    graphOptions = {},
    prepare = (wait) => wait(),
    leave = () => {},
  }: {
    tenantId: TenantId
    signal: AbortSignal
    graphOptions?: Pick<GraphOptions, 'aside'>
    /** Does what is asked of the database for many tenants at once; it takes no place from them meanwhile. */
    prepare?: Aside
    /** Called when nothing is left to do but to write the end of the run. */
    leave?: () => void
  },
): Promise<void> {
  const { config, store, rounds, clock, jobs, entra, budget, graphAsApp, log } = tools
  const begun = await prepare(async () => {
    const begun = await rounds.begin({ tenantId, runId: randomUUID() as RunId })
    if (!begun) return null
    budget.setSize(tenantId, sizeOf(begun.cursors.find(({ kind }) => kind === 'user')?.counted ?? 0))
    await budget.prepare(tenantId)
    return begun
  })
  if (!begun) return
  const { state, run, at: begunAt, cursors } = begun
  const until = clock.now().getTime() + SLICE_MILLISECONDS
  const unchanged: Unchanged[] = []
  /** The first of them is what the run ends with. */
  const stops: unknown[] = []
  const work = {
    ...tools,
    tenantId,
    signal,
    runId: run.id,
    begunAt,
    graph: graphAsApp(tenantId, { longestPauseMilliseconds: LONGEST_PAUSE_MILLISECONDS, ...graphOptions }),
    mustMakeRoom: () => clock.now().getTime() >= until,
    passOver: (kind: Unchanged) => unchanged.push(kind),
  }
  try {
    signal.throwIfAborted()
    const lacking = (roles: readonly string[]) => missingRoles(config.app.permissions, roles).length > 0
    let { roles } = await appToken(entra, tenantId)
    // A token is a snapshot: what a tenant that has everything lacks in it may have been granted since, in another process.
    if (state === 'active' && lacking(roles)) roles = (await appToken(entra, tenantId, { fresh: true })).roles
    const complete = !lacking(roles)
    const granted = config.app.permissions.filter(({ value }) => roles.includes(value))
    for (const definition of readableResources(config.app, granted)) {
      const cursor = cursors.find(({ kind }) => kind === definition.kind) ?? null
      if (run.resumed && cursor?.finishedInRun === run.id) continue
      const outcome = await syncResource(work, definition, cursor).catch(async (error: unknown) => {
        const met = await diagnoseResource(tools, { tenantId, definition, error })
        if (!STOPS_ONE_KIND.includes(diagnose(met).code)) throw met
        if (stops.push(met) > 1)
          log.warn(
            { diagnosis: diagnose(met), tenantId, kind: definition.kind },
            'another kind could not be read, either',
          )
        return 'stopped' as const
      })
      if (outcome === 'unfinished') {
        await makeRoom(tools, { tenantId, runId: run.id })
        return
      }
    }
    // What the token carries does not fit what we thought of the tenant. Before the run's end, so that no crash loses it.
    // Where Graph refuses what the token grants, nothing would come of it but to be asked again.
    if (complete !== (state === 'active') && !stops.some((met) => diagnose(met).code === 'PERMISSION_MISSING'))
      await asTenant(store, tenantId, (sql) => enqueue(jobs, sql, 'verify-tenant', { tenantId }))
    if (stops.length > 0) {
      await asTenant(store, tenantId, (sql) => moveOn(sql, run.id, unchanged))
      throw stops[0]
    }
    leave()
    const stillOurs = await rounds.succeed({ tenantId, runId: run.id, unchanged })
    if (!stillOurs && unchanged.length > 0) throw superseded()
  } catch (thrown) {
    await endBadly(tools, {
      tenantId,
      runId: run.id,
      error: signal.aborted ? thrown : await settleDoubt(tools, thrown),
      signal,
      goOn: (sql, inMilliseconds) => enqueue(jobs, sql, 'sync-tenant', { tenantId }, { inMilliseconds }),
      letRest,
    })
  }
}

/** The run waits and its continuation is queued, both or neither. */
async function makeRoom(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  { tenantId, runId }: { tenantId: TenantId; runId: RunId },
): Promise<void> {
  await asTenant(store, tenantId, async (sql) => {
    await letRunWait(sql, runId, { refused: null })
    await enqueue(jobs, sql, 'sync-tenant', { tenantId })
  })
}
