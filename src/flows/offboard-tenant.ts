import { forgetTenant } from '#entra/app-token.ts'
import { knownTenant } from '#flows/verify-tenant.ts'
import { cancelJobsOf } from '#jobs/inspect.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tenant } from '#model/tenant.ts'
import { forgetCheckpoints } from '#store/job-checkpoints.ts'
import { asFleet, asTenant, type TenantSql } from '#store/open.ts'
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
  const isStillEnding = await asTenant(store, tenantId, async (sql) => {
    // Somebody else may have ended it meanwhile, and the customer may be back.
    if ((await lockTenant(sql, tenantId))?.state !== 'offboarding') return false
    await endRun(sql)
    await forgetCheckpoints(sql)
    return true
  })
  if (!isStillEnding) return
  while (await asTenant(store, tenantId, removePart));
  await cancelJobsOf(jobs, tenantId)
  await asFleet(store, async (sql) => {
    const tenant = await lockTenant(sql, tenantId)
    if (tenant?.state === 'offboarding')
      await moveTenant(sql, { id: tenantId, to: 'offboarded', actor, reason, diagnosis: null })
  })
}

/** A large directory goes in parts: each is over before anybody takes the database’s silence for its end. @returns whether there may be more */
async function removePart(sql: TenantSql): Promise<boolean> {
  const { tenantId } = sql
  return (await lockTenant(sql, tenantId))?.state === 'offboarding' && (await removeResources(sql)) === 'some'
}
