import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import { bringForward } from '#jobs/bring-forward.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { resourcesReadBy } from '#model/resources-of.ts'
import { type Tenant, WORKING_STATES } from '#model/tenant.ts'
import { addAudit } from '#store/audit.ts'
import { allowRemovals } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

/**
 * An operator has looked: the next reading may remove as much as Microsoft says is gone, once. That holds for what is read
 * today: kept for a kind that comes back in a year, it would answer a question that nobody has asked.
 * A tenant that the daemon works for is read at once.
 * @throws Problem TENANT_UNKNOWN
 */
export async function allowRemoval(
  tools: Pick<Tools, 'store' | 'jobs' | 'config'>,
  { tenantId, actor, reason }: { tenantId: TenantId; actor: string; reason: string },
): Promise<Tenant> {
  const tenant = await knownTenant(tools, tenantId)
  const kinds = resourcesReadBy(tools.config.app).map(({ kind }) => kind)
  const isRead = WORKING_STATES.includes(tenant.state)
  await asTenant(tools.store, tenantId, async (sql) => {
    await allowRemovals(sql, kinds)
    await addAudit(sql, { tenantId, actor, action: 'tenant.removal-allowed', detail: { reason } })
    if (isRead) await enqueue(tools.jobs, sql, 'sync-tenant', { tenantId })
  })
  if (isRead) await bringForward(tools.jobs, 'sync-tenant', { tenantId })
  return tenant
}
