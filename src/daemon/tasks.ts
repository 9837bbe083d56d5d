import { tryAll } from '#base/try-all.ts'
import { observe } from '#daemon/observe.ts'
import { checkCredential } from '#flows/credentials/check-credential.ts'
import { tidy } from '#flows/fleet/tidy.ts'
import { isHoldingBack } from '#flows/incidents/hold-back.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { watchIncidents } from '#flows/incidents/watch-incidents.ts'
import { forgetDeadLetters } from '#flows/queue/forget-dead-letters.ts'
import { planJobs } from '#flows/queue/plan-jobs.ts'
import { giveBack, leaveToWhoKnows, putOff } from '#flows/queue/put-off.ts'
import { endDeadRuns } from '#flows/runs/end-dead-runs.ts'
import { runJob } from '#flows/runs/run-job.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { askRevoked } from '#flows/tenants/ask-revoked.ts'
import { stateMeantBy } from '#flows/tenants/lose-consent.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { type JobContext, type JobPayloads, keyOf, QUEUES, type TaskTable } from '#jobs/names.ts'
import { parseTenantId, type TenantId } from '#model/ids.ts'
import { incidentMeantBy } from '#model/incident.ts'
import { findJob } from '#model/job.ts'
import { diagnose, Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/** The whole daemon: which flow does which kind of work. */
export const tasks = (tools: Tools): TaskTable => observe(taskTable(tools), tools)

const taskTable = (tools: Tools): TaskTable => ({
  'sync-tenant': Object.assign(
    inTenant(tools, 'sync-tenant', (_, tenantId, { signal, aside, prepare, leave }) =>
      syncTenant(tools, { tenantId, signal, prepare, leave, graphOptions: { aside } }),
    ),
    { prepares: true },
  ),
  'verify-tenant': inTenant(tools, 'verify-tenant', async (_, tenantId, { aside, signal, attempt }) => {
    const { diagnosis } = await verifyTenant(tools, { tenantId, actor: 'daemon', signal, graphOptions: { aside } })
    const isLast = attempt >= QUEUES['verify-tenant'].retryLimit
    // A revoked tenant is asked once a day: where nothing was found out, it is asked again before tomorrow.
    if (diagnosis && !isLast && stateMeantBy(diagnosis) === null) throw new Problem(diagnosis)
  }),
  'run-job': inTenant(tools, 'run-job', async ({ job }, tenantId, { signal, aside }) => {
    if (!findJob(tools.config.app.jobs, job) && (await leaveToWhoKnows(tools, { tenantId, job }))) return
    await runJob(tools, { tenantId, job, signal, graphOptions: { aside } })
  }),
  watch: async () => {
    await tryAll([watchIncidents, endDeadRuns, forgetDeadLetters], (work) => work(tools))
    if (!(await tools.hold.isOn())) await askRevoked(tools)
  },
  'plan-jobs': Object.assign(
    async () => {
      if (!(await tools.hold.isOn())) await planJobs(tools)
    },
    { isLeft: () => isHoldingBack(tools) },
  ),
  // Clearing away needs no answer of Microsoft’s, and is not to wait for one that may fail for weeks.
  tidy: () => tryAll([tidy, checkCredential], (work) => work(tools)),
})

/**
 * Work in one tenant: for the tenant that it was put into the queue for and no other, and not while an incident holds it. A
 * process whose credential Microsoft refuses leaves it to the others.
 */
function inTenant<Name extends 'sync-tenant' | 'verify-tenant' | 'run-job'>(
  tools: Tools,
  name: Name,
  work: (payload: JobPayloads[Name], tenantId: TenantId, context: JobContext) => Promise<void>,
) {
  const leave = (payload: JobPayloads[Name]) => giveBack(tools, name, payload)
  const task = async (payload: JobPayloads[Name], context: JobContext): Promise<void> => {
    const tenantId = parseTenantId((payload as typeof payload | null)?.tenantId)
    if (!tenantId || keyOf(name, payload) !== context.key) throw await refuse(tools)
    if (await tools.hold.isOn()) return putOff(tools, name, payload)
    if (isHoldingBack(tools)) return leave(payload)
    try {
      await work(payload, tenantId, context)
    } catch (error) {
      if (isHoldingBack(tools) && incidentMeantBy(diagnose(error)) === 'process') await leave(payload)
      throw error
    }
  }
  return Object.assign(task, { isLeft: () => isHoldingBack(tools) })
}

/** A job that names no tenant, or another one than it was queued for, is refused, never guessed. */
async function refuse(tools: Tools): Promise<Problem> {
  const refused = new Problem({
    code: 'JOB_REFUSED',
    owner: 'operator',
    message: 'A job was refused: it names no tenant, or another one than it was put into the queue for.',
    nextStep: 'Look for what writes to the queue: no part of Tenantry makes such a job.',
    retry: 'never',
    confidence: 'certain',
  })
  await raiseAlarm(tools, { tenantId: null, diagnosis: refused.diagnosis })
  return refused
}
