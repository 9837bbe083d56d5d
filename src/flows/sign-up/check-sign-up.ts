import { proveAdministrator } from '#flows/grants/prove-administrator.ts'
import { reviewGrants } from '#flows/grants/review-grants.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { connectTenant } from '#flows/tenants/connect-tenant.ts'
import { verifyAccess } from '#flows/tenants/verify-access.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import { type Diagnosis, diagnose } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

export type SignUpCheck =
  | { state: 'connected' }
  | { state: 'waiting'; missing: readonly string[]; diagnosis: Diagnosis | null }

/**
 * Recognises what somebody has granted by hand: a fresh app-only token tells. Connects the tenant when nothing is
 * missing; changes nothing otherwise.
 * @throws Problem NOT_AN_ADMINISTRATOR
 */
export async function checkSignUp(
  tools: Omit<Tools, typeof Symbol.asyncDispose>,
  step: AdministratorStep,
): Promise<SignUpCheck> {
  const { account } = step
  try {
    const administrator = await proveAdministrator(tools, step)
    const access = await verifyAccess(tools, account.tenantId, { priority: 'high' })
    if (access.missing.length > 0) return { state: 'waiting', missing: access.missing, diagnosis: null }
    const { tenant } = access.organization ? { tenant: access.organization } : await reviewGrants(tools, step)
    await connectTenant(tools, {
      signUpId: step.signUpId,
      administrator,
      displayName: tenant.displayName,
      defaultDomain: tenant.defaultDomain,
      access,
    })
    return { state: 'connected' }
  } catch (error) {
    const diagnosis = diagnose(error)
    if (diagnosis.code === 'NOT_AN_ADMINISTRATOR') throw error
    const { tenantId } = account
    tools.log.warn({ err: error, signUpId: step.signUpId, tenantId }, 'what was granted by hand could not be looked at')
    await raiseAlarm(tools, { tenantId, diagnosis }).catch((second: unknown) =>
      tools.log.error({ err: second, tenantId, diagnosis }, 'an incident could not be stored'),
    )
    const missing = tools.config.app.permissions.map((permission) => permission.value)
    return { state: 'waiting', missing, diagnosis }
  }
}
