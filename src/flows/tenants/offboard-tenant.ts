import { forgetTenant } from '#entra/app-token.ts'
import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import { cancelJobsOf } from '#jobs/inspect.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tenant } from '#model/tenant.ts'
import { asFleet, asTenant, type TenantSql } from '#store/database/open.ts'
import { forgetCheckpoints } from '#store/job-checkpoints.ts'
import { removeResources } from '#store/resources.ts'
import { endRun } from '#store/sync-runs.ts'
import { lockTenant, moveTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

type End = { tenantId: TenantId; actor: string; reason: string }

/**
 * Ends it from our side: jobs stop, also one that is under way, and everything read from the tenant's directory is deleted. The tenant's row and its
 * audit stay. The customer's service principal is the customer's to delete. What a crash breaks off, the daemon finishes.
 * @throws Problem TENANT_UNKNOWN, STATE_MOVE_REFUSED
 */
export async function offboardTenant(tools: Pick<Tools, 'store' | 'jobs' | 'entra'>, end: End): Promise<Tenant> {
  const { tenantId, actor, reason } = end
  const tenant = await knownTenant(tools, tenantId)
  if (tenant.state === 'offboarded') return tenant
  if (tenant.state !== 'offboarding')
    await asFleet(tools.store, (sql) =>
      moveTenant(sql, { id: tenantId, to: 'offboarding', actor, reason, diagnosis: null }),
    )
  forgetTenant(tools.entra, tenantId)
  await finishOffboarding(tools, end)
  return knownTenant(tools, tenantId)
}

/** The rest of it, in a tenant that is offboarding; safe to repeat, however far somebody has come with it. */
export async function finishOffboarding(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  { tenantId, actor, reason }: End,
): Promise<void> {
  let left: 'some' | 'all' | null
  do left = await asTenant(store, tenantId, removePart)
  while (left === 'some')
  if (left === null) return
  await cancelJobsOf(jobs, tenantId)
  await asFleet(store, async (sql) => {
    const tenant = await lockTenant(sql, tenantId)
    if (tenant?.state === 'offboarding')
      await moveTenant(sql, { id: tenantId, to: 'offboarded', actor, reason, diagnosis: null })
  })
}

/**
 * A large directory goes in parts: each is over before anybody takes the database’s silence for its end.
 * @returns whether it was all; null when somebody else has ended it meanwhile, and the customer may be back
 */
async function removePart(sql: TenantSql): Promise<'some' | 'all' | null> {
  if ((await lockTenant(sql, sql.tenantId))?.state !== 'offboarding') return null
  await endRun(sql)
  await forgetCheckpoints(sql)
  return removeResources(sql)
}
