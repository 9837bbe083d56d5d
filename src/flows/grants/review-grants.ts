import { heldRoles, mayConnect, noAdministrator } from '#flows/grants/prove-administrator.ts'
import { reportViolations } from '#flows/incidents/report-violations.ts'
import { listAppRoleAssignments } from '#graph/app-role-assignments.ts'
import { readOrganization } from '#graph/organization.ts'
import { findMicrosoftGraph, findServicePrincipal } from '#graph/service-principals.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import { GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, type TenantId } from '#model/ids.ts'
import { type GrantPlan, planGrants } from '#model/permission.ts'
import { diagnose } from '#model/problem.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { asFleet } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import type { Tools } from '#tools.ts'

export type GrantReview = {
  tenant: { id: TenantId; displayName: string; defaultDomain: string | null }
  /** Null while Microsoft does not yet show the service principal that consent has just created. */
  plan: GrantPlan | null
  /** Whether this administrator holds a directory role that may grant app roles of Microsoft Graph; null when Microsoft does not say. */
  mayGrant: boolean | null
  /** Whether this person is an administrator at all: nobody else can finish, however much is granted. */
  mayConnect: boolean
}

/**
 * Reads, on behalf of the administrator, what is there already and what would be added. Changes nothing.
 * @throws Problem NOT_AN_ADMINISTRATOR where Microsoft shows it to administrators only, as it may to a guest
 */
export async function reviewGrants(
  { config, graphAs }: Pick<Tools, 'config' | 'graphAs'>,
  { account, token }: Pick<AdministratorStep, 'account' | 'token'>,
): Promise<GrantReview> {
  const graph = graphAs(token)
  const roles = await heldRoles(graph, account)
  const [tenant, ours, microsoftGraph] = await Promise.all([
    readOrganization(graph),
    findServicePrincipal(graph, config.clientId),
    findMicrosoftGraph(graph),
  ]).catch((error: unknown) => refused(error, roles))
  const mayGrant =
    roles?.some((role) => role === GLOBAL_ADMINISTRATOR || role === PRIVILEGED_ROLE_ADMINISTRATOR) ?? null
  const found = { tenant, mayGrant, mayConnect: mayConnect(roles) }
  if (!ours || !microsoftGraph) return { ...found, plan: null }
  const assignments = await listAppRoleAssignments(graph, ours.id)
  return {
    ...found,
    plan: planGrants(
      config.app.permissions,
      microsoftGraph.appRoles,
      assignments.filter((assignment) => assignment.resourceId === microsoftGraph.id),
    ),
  }
}

/** What an administrator is shown before anything is done. */
export type ShownReview = GrantReview & {
  /** When the connection was made or confirmed last, where the daemon works in the tenant; null for whoever is no administrator. */
  connectedAt: Date | null
}

/** The same for whoever looks at it before anything is done, who is the only one to hear of a failure. */
export async function showGrants(
  tools: Pick<Tools, 'config' | 'graphAs'> & Parameters<typeof reportViolations>[0],
  step: Pick<AdministratorStep, 'account' | 'token'>,
): Promise<ShownReview> {
  const { tenantId } = step.account
  const review = await reportViolations(tools, tenantId, () => reviewGrants(tools, step))
  const known = review.mayConnect ? await asFleet(tools.store, (sql) => findTenant(sql, tenantId)) : null
  return { ...review, connectedAt: known && WORKING_STATES.includes(known.state) ? known.connectedAt : null }
}

function refused(error: unknown, roles: readonly string[] | null): never {
  if (diagnose(error).code === 'PERMISSION_MISSING' && !mayConnect(roles)) throw noAdministrator(error)
  throw error
}
