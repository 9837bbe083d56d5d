import { appToken } from '#entra/app-token.ts'
import { reportViolations } from '#flows/incidents/report-violations.ts'
import type { TenantId } from '#model/ids.ts'
import type { DeclaredPermission } from '#model/permission.ts'
import type { Tools } from '#tools.ts'

export type TenantGrants = {
  tenantId: TenantId
  grants: readonly (DeclaredPermission & { status: 'granted' | 'missing' })[]
  /** Granted in the tenant although the app does not declare it: worth asking why. */
  undeclared: readonly string[]
}

/** Compares what the app declares with what a fresh token for the tenant carries. Needs no administrator. */
export async function planTenantGrants(
  tools: Pick<Tools, 'config' | 'entra'> & Parameters<typeof reportViolations>[0],
  tenantId: TenantId,
): Promise<TenantGrants> {
  const { config, entra } = tools
  const { roles } = await reportViolations(tools, tenantId, () => appToken(entra, tenantId, { fresh: true }))
  const declared = config.app.permissions
  return {
    tenantId,
    grants: declared.map((permission) => ({
      ...permission,
      status: roles.includes(permission.value) ? 'granted' : 'missing',
    })),
    undeclared: roles.filter((role) => !declared.some((permission) => permission.value === role)),
  }
}
