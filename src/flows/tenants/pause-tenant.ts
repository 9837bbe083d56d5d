import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import { bringForward } from '#jobs/bring-forward.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { cancelJobsOf } from '#jobs/inspect.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tenant } from '#model/tenant.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { endRun } from '#store/sync-runs.ts'
import { moveTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type Needs = Pick<Tools, 'store' | 'jobs'>
type Order = { tenantId: TenantId; actor: string; reason: string }

/** The daemon leaves the tenant alone until it is resumed. @throws Problem TENANT_UNKNOWN, STATE_MOVE_REFUSED */
export async function pauseTenant(tools: Needs, { tenantId, actor, reason }: Order): Promise<Tenant> {
  await knownTenant(tools, tenantId)
  await asFleet(tools.store, (sql) =>
    moveTenant(sql, { id: tenantId, to: 'suspended', actor, reason, diagnosis: null }),
  )
  await cancelJobsOf(tools.jobs, tenantId)
  await asTenant(tools.store, tenantId, endRun)
  return knownTenant(tools, tenantId)
}

/** @throws Problem TENANT_UNKNOWN, STATE_MOVE_REFUSED */
export async function resumeTenant(tools: Needs, { tenantId, actor, reason }: Order): Promise<Tenant> {
  await knownTenant(tools, tenantId)
  await asFleet(tools.store, async (sql) => {
    await moveTenant(sql, { id: tenantId, to: 'active', actor, reason, diagnosis: null })
    await enqueue(tools.jobs, sql, 'sync-tenant', { tenantId })
  })
  await bringForward(tools.jobs, 'sync-tenant', { tenantId })
  return knownTenant(tools, tenantId)
}
