import { forgetTenant } from '#entra/app-token.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { cancelJobsOf } from '#jobs/inspect.ts'
import type { TenantId } from '#model/ids.ts'
import { type Diagnosis, diagnose, type ProblemCode } from '#model/problem.ts'
import { type TenantState, WORKING_STATES } from '#model/tenant.ts'
import { asFleet } from '#store/database/open.ts'
import { lockTenant, moveTenant } from '#store/tenants.ts'

/** What a failure in a tenant's work says about the tenant itself; everything else leaves its state alone. */
const MEANS: Partial<Record<ProblemCode, TenantState>> = {
  SERVICE_PRINCIPAL_MISSING: 'revoked',
  SERVICE_PRINCIPAL_DISABLED: 'revoked',
  TENANT_NOT_FOUND: 'revoked',
  CONSENT_MISSING: 'revoked',
  PERMISSION_MISSING: 'degraded',
}

/** The states that what is found in a tenant may change. What an operator has paused or ended is his to change. */
export const FOLLOWS_WORK: readonly TenantState[] = [...WORKING_STATES, 'revoked']

/** The state that this failure puts a tenant into; null when it says nothing about the tenant, or nobody knows what it says. */
export const stateMeantBy = ({ code, confidence }: Diagnosis): TenantState | null =>
  confidence === 'unknown' ? null : (MEANS[code] ?? null)

/**
 * Draws the conclusion from a failure: a customer who ended it, or took a permission away, is told apart from a fault.
 * What is an incident says nothing about the tenant. The jobs of a revoked tenant stop at once; its data and ids stay for the day it comes back.
 */
export async function loseConsent(
  tools: Parameters<typeof raiseAlarm>[0],
  { tenantId, actor, error }: { tenantId: TenantId; actor: string; error: unknown },
): Promise<TenantState | null> {
  const { store, jobs, entra, log } = tools
  const diagnosis = diagnose(error)
  if (await raiseAlarm(tools, { tenantId, diagnosis })) return null
  const to = stateMeantBy(diagnosis)
  if (!to) return null
  const moved = await asFleet(store, async (sql) => {
    const tenant = await lockTenant(sql, tenantId)
    if (!tenant || tenant.state === to || !FOLLOWS_WORK.includes(tenant.state)) return false
    await moveTenant(sql, { id: tenantId, to, actor, reason: diagnosis.message, diagnosis })
    return true
  })
  if (!moved) return null
  forgetTenant(entra, tenantId)
  if (to === 'revoked') await cancelJobsOf(jobs, tenantId)
  log.warn({ tenantId, to, diagnosis }, 'a tenant lost what we need')
  return to
}
