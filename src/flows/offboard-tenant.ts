import { forgetTenant } from '#entra/app-token.ts'
import { knownTenant } from '#flows/verify-tenant.ts'
import { cancelJobsOf } from '#jobs/inspect.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tenant } from '#model/tenant.ts'
import { forgetCheckpoints } from '#store/job-checkpoints.ts'
import { asFleet, asTenant } from '#store/open.ts'
import { removeAllResources } from '#store/resources.ts'
import { endRun } from '#store/sync-runs.ts'
import { moveTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

/**
 * Ends it from our side: jobs stop, also one that is under way, and everything read from the tenant's directory is deleted. The tenant's row and its
 * audit stay. The customer's service principal is the customer's to delete. Safe to repeat after a crash.
 * @throws Problem TENANT_UNKNOWN, STATE_MOVE_REFUSED
 */
export async function offboardTenant(
  tools: Pick<Tools, 'store' | 'jobs' | 'entra'>,
  { tenantId, actor, reason }: { tenantId: TenantId; actor: string; reason: string },
): Promise<Tenant> {
  const tenant = await knownTenant(tools, tenantId)
  if (tenant.state === 'offboarded') return tenant
  await asFleet(tools.store, (sql) =>
    moveTenant(sql, { id: tenantId, to: 'offboarding', actor, reason, diagnosis: null }),
  )
  await cancelJobsOf(tools.jobs, tenantId)
  forgetTenant(tools.entra, tenantId)
  await asTenant(tools.store, tenantId, async (sql) => {
    await endRun(sql)
    await removeAllResources(sql)
    await forgetCheckpoints(sql)
  })
  await asFleet(tools.store, (sql) =>
    moveTenant(sql, { id: tenantId, to: 'offboarded', actor, reason, diagnosis: null }),
  )
  return knownTenant(tools, tenantId)
}
