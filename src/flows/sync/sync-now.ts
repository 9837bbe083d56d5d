import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import { bringForward } from '#jobs/bring-forward.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { addAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import type { Tools } from '#tools.ts'

/** Lets the daemon read a tenant now instead of at its next turn. @throws Problem TENANT_UNKNOWN, STATE_MOVE_REFUSED */
export async function syncNow(
  tools: Pick<Tools, 'store' | 'jobs'>,
  { tenantId, actor }: { tenantId: TenantId; actor: string },
): Promise<void> {
  const tenant = await knownTenant(tools, tenantId)
  if (!WORKING_STATES.includes(tenant.state)) throw resting(tenant.state)
  await asFleet(tools.store, async (sql) => {
    await enqueue(tools.jobs, sql, 'sync-tenant', { tenantId })
    await addAudit(sql, { tenantId, actor, action: 'tenant.sync-requested' })
  })
  await bringForward(tools.jobs, 'sync-tenant', { tenantId })
}

const resting = (state: string) =>
  new Problem({
    code: 'STATE_MOVE_REFUSED',
    owner: 'operator',
    message: `The tenant is ${state}: the daemon does not work for it.`,
    nextStep: state === 'suspended' ? 'Resume it first.' : 'Verify it, or ask its administrator to sign up again.',
    retry: 'never',
    confidence: 'certain',
  })
