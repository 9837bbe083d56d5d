import { appToken } from '#entra/app-token.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { isBuiltIn, type ResourceDefinition } from '#model/resource.ts'
import type { Tools } from '#tools.ts'

/**
 * What stopped the reading of one kind. Where Graph refuses what the ISV has declared himself although the tenant grants
 * what he says it takes, the fault is his and no customer's; the tenant is asked before anything is said about it.
 */
export async function diagnoseResource(
  { entra }: Pick<Tools, 'entra'>,
  { tenantId, definition, error }: { tenantId: TenantId; definition: ResourceDefinition; error: unknown },
): Promise<unknown> {
  const { kind, path, anyOf } = definition
  if (isBuiltIn(kind) || !(error instanceof Problem)) return error
  const refused = (message: string, nextStep: string) =>
    new Problem(
      { ...error.diagnosis, code: 'GRAPH_REFUSED', owner: 'operator', message, nextStep, retry: 'never' },
      { cause: error },
    )
  if (['GRAPH_REFUSED', 'NOT_FOUND'].includes(error.code))
    return refused(
      `Microsoft Graph does not answer what the resource ${kind} asks: ${path}.`,
      'Correct its path and what it selects, or take it out of the configuration.',
    )
  if (error.code !== 'PERMISSION_MISSING') return error
  const { roles } = await appToken(entra, tenantId, { fresh: true })
  const granted = anyOf.filter((value) => roles.includes(value))
  if (granted.length === 0) return error
  return refused(
    `Microsoft Graph refuses what the resource ${kind} asks, ${path}, though the tenant grants ${granted.join(', ')}.`,
    'Correct anyOf of the resource, and declare the permission that it takes; or take it out of the configuration.',
  )
}
