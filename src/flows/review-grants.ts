import { listAppRoleAssignments } from '#graph/app-role-assignments.ts'
import { readMyDirectoryRoles } from '#graph/me.ts'
import { readOrganization } from '#graph/organization.ts'
import { findMicrosoftGraph, findServicePrincipal } from '#graph/service-principals.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import { GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, type TenantId } from '#model/ids.ts'
import { type GrantPlan, planGrants } from '#model/permission.ts'
import type { Tools } from '#tools.ts'

export type GrantReview = {
  tenant: { id: TenantId; displayName: string; defaultDomain: string | null }
  /** Null while Microsoft does not yet show the service principal that consent has just created. */
  plan: GrantPlan | null
  /** Whether this administrator holds a directory role that may grant app roles of Microsoft Graph; null when Microsoft does not say. */
  mayGrant: boolean | null
}

/** Reads, on behalf of the administrator, what is there already and what would be added. Changes nothing. */
export async function reviewGrants(
  { config, graphAs }: Pick<Tools, 'config' | 'graphAs'>,
  { account, token }: Pick<AdministratorStep, 'account' | 'token'>,
): Promise<GrantReview> {
  const graph = graphAs(token)
  const [tenant, ours, microsoftGraph, roles] = await Promise.all([
    readOrganization(graph),
    findServicePrincipal(graph, config.clientId),
    findMicrosoftGraph(graph),
    account.directoryRoles.length > 0 ? account.directoryRoles : readMyDirectoryRoles(graph),
  ])
  const mayGrant =
    roles?.some((role) => role === GLOBAL_ADMINISTRATOR || role === PRIVILEGED_ROLE_ADMINISTRATOR) ?? null
  if (!ours || !microsoftGraph) return { tenant, plan: null, mayGrant }
  const assignments = await listAppRoleAssignments(graph, ours.id)
  return {
    tenant,
    plan: planGrants(
      config.app.permissions,
      microsoftGraph.appRoles,
      assignments.filter((assignment) => assignment.resourceId === microsoftGraph.id),
    ),
    mayGrant,
  }
}
