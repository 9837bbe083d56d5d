import { randomUUID } from 'node:crypto'
import { checkPermissions } from '#flows/runs/check-permissions.ts'
import { endBadly } from '#flows/runs/end-badly.ts'
import { jobCheckpoint, jobDatabase } from '#flows/runs/job-database.ts'
import { diagnoseJob, jobUnknown, timedOut } from '#flows/runs/job-problems.ts'
import { refuseWithinTransaction } from '#flows/runs/job-transaction.ts'
import { batch } from '#graph/batch.ts'
import { openSdkClient } from '#graph/sdk-client.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { findJob, type JobDefinition, type JobRun } from '#model/job.ts'
import { diagnose, Problem } from '#model/problem.ts'
import { type Tenant, WORKING_STATES } from '#model/tenant.ts'
import { sizeOf } from '#model/throttle.ts'
import { countedPeople } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import { putOffTurn } from '#store/job-schedules.ts'
import { finishRun, isOurs, recordProgress, startRun, superseded } from '#store/sync-runs.ts'
import { lockTenant } from '#store/tenants.ts'
import type { GraphOptions, Tools } from '#tools.ts'

type Needs = Pick<Tools, 'config' | 'graphAsApp' | 'budget'> & Parameters<typeof endBadly>[0]
type Run = {
  tenant: Tenant
  definition: JobDefinition
  runId: RunId
  signal: AbortSignal
  graphOptions: Pick<GraphOptions, 'aside'>
}
/** `waiting`: Graph asked for patience, and the run goes on later. `idle`: the daemon does not work for the tenant. */
export type JobOutcome = 'succeeded' | 'waiting' | 'idle'

const MINUTE = 60_000
const DEFAULT_TIMEOUT_MINUTES = 60
/** Whoever was told to stop has so long to do it. */
const GRACE_MILLISECONDS = 10_000
/** An author's own work begins anew after a pause, from its checkpoint, so it rather waits here for a while. */
const LONGEST_PAUSE_MILLISECONDS = 30_000
/** So often a run looks whether it is still its own: an author’s code may write nothing for long. */
const WATCH_MILLISECONDS = 3_000

/**
 * Does a job of the ISV's own in one tenant: looks whether its permissions are there, gives it everything confined to the
 * tenant, and records how it ended.
 * @throws Problem JOB_UNKNOWN; and what stopped it, after recording it with the run and with the tenant
 */
export async function runJob(
  tools: Needs,
  {
    tenantId,
    job,
    signal,
    graphOptions = {},
  }: { tenantId: TenantId; job: string; signal: AbortSignal; graphOptions?: Run['graphOptions'] },
): Promise<JobOutcome> {
  const { store, config } = tools
  const definition = findJob(config.app.jobs, job)
  if (!definition) throw jobUnknown(job, config.app.jobs)
  const begun = await asTenant(store, tenantId, async (sql) => {
    const tenant = await lockTenant(sql, tenantId)
    if (!tenant || !WORKING_STATES.includes(tenant.state)) return null
    const run = await startRun(sql, { id: randomUUID() as RunId, job })
    return { tenant, run, people: await countedPeople(sql) }
  })
  if (!begun) return 'idle'
  const { tenant, run, people } = begun
  // This process may never have read the tenant's directory.
  tools.budget.setSize(tenantId, sizeOf(people))
  const work = { tenant, definition, runId: run.id, signal, graphOptions }
  try {
    await checkPermissions(tools, { tenantId, permissions: definition.permissions })
    await runAuthors(tools, work)
    const end = { state: 'succeeded', diagnosis: null } as const
    if (!(await asTenant(store, tenantId, (sql) => finishRun(sql, run.id, end)))) throw superseded()
    return 'succeeded'
  } catch (error) {
    await endBadly(tools, {
      tenantId,
      runId: run.id,
      error: error instanceof Problem ? error : new Problem(diagnose(error), { cause: error }),
      signal,
      goOn: (sql, inMilliseconds) => enqueue(tools.jobs, sql, 'run-job', { tenantId, job }, { inMilliseconds }),
      letRest: (sql, minutes) => putOffTurn(sql, job, minutes),
    })
    return 'waiting'
  }
}

/**
 * The author's own code, within its time. What must never happen in a tenant ends the run, whatever the author makes of it.
 * @throws Problem whatever it throws, diagnosed
 */
async function runAuthors(tools: Needs, { tenant, definition, runId, signal, graphOptions }: Run): Promise<void> {
  const { store, config, log, graphAsApp } = tools
  const [time, end, over] = [new AbortController(), new AbortController(), new AbortController()]
  const stop = AbortSignal.any([signal, time.signal, end.signal])
  const stopAtViolation = (problem: Problem) => {
    if (incidentMeantBy(problem.diagnosis) === 'tenant') end.abort(problem)
  }
  const run = { store, config, tenantId: tenant.id, job: definition.name, runId, over: over.signal }
  const graph = graphAsApp(tenant.id, { longestPauseMilliseconds: LONGEST_PAUSE_MILLISECONDS, ...graphOptions })
  const { client, problemBehind } = openSdkClient(graph, {
    signal: stop,
    onProblem: stopAtViolation,
    before: () => refuseWithinTransaction('`graph`'),
  })
  const doing: JobRun = {
    tenant,
    graph: client,
    async batch(items) {
      refuseWithinTransaction('`batch`')
      try {
        return await batch(graph, items, { signal: stop })
      } catch (error) {
        if (error instanceof Problem) stopAtViolation(error)
        throw error
      }
    },
    db: jobDatabase(run),
    log: log.child({ tenantId: tenant.id, job: definition.name, runId }),
    async progress(text) {
      refuseWithinTransaction('`progress`')
      await asTenant(store, tenant.id, (sql) => recordProgress(sql, runId, text))
    },
    signal: stop,
    checkpoint: jobCheckpoint(run),
  }
  void watch(tools, { tenantId: tenant.id, runId, end, over: over.signal })
  void letTimePass(tools, { definition, time, over: over.signal })
  try {
    await Promise.race([perform(definition, doing), givenUp(tools, stop, over.signal)])
    end.signal.throwIfAborted()
  } catch (error) {
    if (end.signal.aborted) throw end.signal.reason
    if (signal.reason instanceof Problem) throw signal.reason
    if (time.signal.aborted && !signal.aborted) throw timedOut(definition.name)
    throw await diagnoseJob(tools, { tenantId: tenant.id, definition, error: problemBehind(error) })
  } finally {
    over.abort()
  }
}

/** Tells work that writes nothing, too, that its run was taken over or ended. */
async function watch(
  { store, clock }: Pick<Needs, 'store' | 'clock'>,
  { tenantId, runId, end, over }: { tenantId: TenantId; runId: RunId; end: AbortController; over: AbortSignal },
): Promise<void> {
  const asked = () => asTenant(store, tenantId, (sql) => isOurs(sql, runId))
  while (
    await clock.sleep(WATCH_MILLISECONDS, over).then(
      () => true,
      () => false,
    )
  )
    // A database that is away says nothing about the run.
    if (!(await asked().catch(() => true)) && !over.aborted) return end.abort(superseded())
}

/** Whatever it throws comes as a rejection, also where it is no async function. */
const perform = async ({ run }: JobDefinition, doing: JobRun): Promise<void> => run(doing)

/** Ends with the run: a timer for each run that has long been over would fill the memory. */
const letTimePass = (
  { clock }: Pick<Needs, 'clock'>,
  { definition, time, over }: { definition: JobDefinition; time: AbortController; over: AbortSignal },
): Promise<void> =>
  clock.sleep((definition.timeoutMinutes ?? DEFAULT_TIMEOUT_MINUTES) * MINUTE, over).then(
    () => time.abort(timedOut(definition.name)),
    () => {},
  )

/** Rejects once work that was told to stop has not done so within the grace. */
const givenUp = ({ clock }: Pick<Needs, 'clock'>, stop: AbortSignal, over: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const wait = () =>
      clock.sleep(GRACE_MILLISECONDS, over).then(
        () => reject(stop.reason),
        () => {},
      )
    if (stop.aborted) void wait()
    else stop.addEventListener('abort', () => void wait(), { once: true, signal: over })
  })
