import { FOLLOWS_WORK, loseConsent } from '#flows/tenants/lose-consent.ts'
import { settleDoubt } from '#flows/tenants/settle-doubt.ts'
import { verifyAccess } from '#flows/tenants/verify-access.ts'
import { bringForward } from '#jobs/bring-forward.ts'
import { enqueue } from '#jobs/enqueue.ts'
import type { TenantId } from '#model/ids.ts'
import { type Diagnosis, diagnose, Problem } from '#model/problem.ts'
import type { Tenant, TenantState } from '#model/tenant.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { saveGrants } from '#store/grants.ts'
import { endPutOffs } from '#store/job-schedules.ts'
import { findTenant, letRest, lockTenant, moveTenant } from '#store/tenants.ts'
import type { GraphOptions, Tools } from '#tools.ts'

export type Verification = { tenant: Tenant; missing: readonly string[]; diagnosis: Diagnosis | null }

/**
 * Looks whether the app still works in a tenant, and corrects the tenant's state by what it finds: a tenant that works
 * again becomes active and is read, one that lost something becomes degraded or revoked. Unless told, a person waits for it.
 * @throws Problem TENANT_UNKNOWN when we have no such tenant
 */
export async function verifyTenant(
  tools: Omit<Tools, typeof Symbol.asyncDispose>,
  {
    tenantId,
    actor,
    graphOptions = { priority: 'high' },
    signal,
  }: {
    tenantId: TenantId
    actor: string
    graphOptions?: GraphOptions
    /** Whoever is told to stop has found nothing out: its reason is thrown. */
    signal?: AbortSignal
  },
): Promise<Verification> {
  await knownTenant(tools, tenantId)
  try {
    const { missing } = await tools.telemetry.span(
      'tenant verified',
      () => ({ 'tenantry.tenant': tenantId }),
      () => verifyAccess(tools, tenantId, { ...graphOptions, ...(signal ? { signal } : {}) }),
    )
    const diagnosis = missing.length > 0 ? lacking(missing) : null
    await asTenant(tools.store, tenantId, async (sql) => {
      // Of a tenant that has ended nothing is kept, whatever it still grants.
      if (HAS_ENDED.includes((await lockTenant(sql, tenantId))?.state ?? 'offboarded')) return
      await saveGrants(
        sql,
        tools.config.app.permissions.map(({ value }) => ({
          permission: value,
          status: missing.includes(value) ? 'missing' : 'granted',
        })),
      )
      await letRest(sql, null)
      await endPutOffs(sql, tenantId)
    })
    await become(tools, { tenantId, to: diagnosis ? 'degraded' : 'active', actor, diagnosis })
    return { tenant: await knownTenant(tools, tenantId), missing, diagnosis }
  } catch (thrown) {
    signal?.throwIfAborted()
    const error = await settleDoubt(tools, thrown)
    await loseConsent(tools, { tenantId, actor, error })
    return { tenant: await knownTenant(tools, tenantId), missing: [], diagnosis: diagnose(error) }
  }
}

const HAS_ENDED: readonly TenantState[] = ['offboarding', 'offboarded']

/** @throws Problem TENANT_UNKNOWN */
export async function knownTenant({ store }: Pick<Tools, 'store'>, tenantId: TenantId): Promise<Tenant> {
  const tenant = await asFleet(store, (sql) => findTenant(sql, tenantId))
  if (tenant) return tenant
  throw new Problem({
    code: 'TENANT_UNKNOWN',
    owner: 'operator',
    message: `No tenant ${tenantId} has signed up.`,
    nextStep: 'Check the tenant id with `tenantry tenants list`.',
    retry: 'never',
    confidence: 'certain',
  })
}

async function become(
  { store, jobs }: Pick<Tools, 'store' | 'jobs'>,
  {
    tenantId,
    to,
    actor,
    diagnosis,
  }: { tenantId: TenantId; to: TenantState; actor: string; diagnosis: Diagnosis | null },
): Promise<void> {
  const isRead = await asFleet(store, async (sql) => {
    const tenant = await lockTenant(sql, tenantId)
    if (!tenant || !FOLLOWS_WORK.includes(tenant.state)) return false
    if (tenant.state === to && tenant.diagnosis?.message === diagnosis?.message) return false
    await moveTenant(sql, {
      id: tenantId,
      to,
      actor,
      reason: diagnosis?.message ?? 'Everything we need is there.',
      diagnosis,
    })
    if (tenant.state === to) return false
    await enqueue(jobs, sql, 'sync-tenant', { tenantId })
    return true
  })
  if (isRead) await bringForward(jobs, 'sync-tenant', { tenantId })
}

const lacking = (missing: readonly string[]): Diagnosis => ({
  code: 'PERMISSION_MISSING',
  owner: 'customer-administrator',
  message: `The tenant does not grant: ${missing.join(', ')}.`,
  nextStep: 'An administrator of the tenant grants it again by opening the landing page.',
  retry: 'slowly',
  confidence: 'certain',
})
