import { observe } from '#daemon/observe.ts'
import { planJobs } from '#flows/plan-jobs.ts'
import { planSyncs } from '#flows/plan-syncs.ts'
import { runJob } from '#flows/run-job.ts'
import { syncTenant } from '#flows/sync-tenant.ts'
import { tidy } from '#flows/tidy.ts'
import { verifyTenant } from '#flows/verify-tenant.ts'
import type { TaskTable } from '#jobs/names.ts'
import { parseTenantId, type TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/** The whole daemon: which flow does which kind of work. */
export const tasks = (tools: Tools): TaskTable => observe(taskTable(tools), tools)

const taskTable = (tools: Tools): TaskTable => ({
  'sync-tenant': (payload, { signal }) => syncTenant(tools, { tenantId: tenantOf(payload), signal }),
  'verify-tenant': async (payload) => {
    await verifyTenant(tools, { tenantId: tenantOf(payload), actor: 'daemon' })
  },
  'run-job': async (payload, { signal }) => {
    await runJob(tools, { tenantId: tenantOf(payload), job: payload.job, signal })
  },
  'plan-syncs': () => planSyncs(tools),
  'plan-jobs': () => planJobs(tools),
  tidy: () => tidy(tools),
})

/** A job that does not name its tenant is refused, never guessed. */
function tenantOf(payload: { tenantId?: unknown }): TenantId {
  const tenantId = parseTenantId(payload.tenantId)
  if (tenantId) return tenantId
  throw new Problem({
    code: 'TENANT_UNKNOWN',
    owner: 'operator',
    message: 'A job without a tenant was refused.',
    nextStep: 'Look for what put it into the queue: no part of Tenantry does.',
    retry: 'never',
    confidence: 'certain',
  })
}
