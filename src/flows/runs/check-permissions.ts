import { appToken } from '#entra/app-token.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/**
 * Looks whether the tenant grants what a job needs. A token is a snapshot, so what is missing in a cached one is looked
 * for once more in a fresh one.
 * @throws Problem PERMISSION_MISSING, and whatever getting a token ends in
 */
export async function checkPermissions(
  { entra }: Pick<Tools, 'entra'>,
  { tenantId, permissions, fresh = false }: { tenantId: TenantId; permissions: readonly string[]; fresh?: boolean },
): Promise<void> {
  const { roles } = await appToken(entra, tenantId, { fresh })
  const missing = permissions.filter((value) => !roles.includes(value))
  if (missing.length === 0) return
  if (!fresh) return checkPermissions({ entra }, { tenantId, permissions, fresh: true })
  throw new Problem({
    code: 'PERMISSION_MISSING',
    owner: 'customer-administrator',
    message: `The tenant does not grant: ${missing.join(', ')}.`,
    nextStep: 'An administrator of the tenant grants it by opening the landing page.',
    retry: 'slowly',
    confidence: 'certain',
  })
}
