import type { AccessPolicy, Guid, Tenant, User } from '#emulator/directory/types.ts'

const concerns = ({ resources }: AccessPolicy, asked: readonly Guid[]): boolean =>
  resources === 'all' || resources.some((appId) => asked.includes(appId))

/** The policies that a user meets on the way to one of these applications. */
export const policiesForUser = (
  { conditionalAccess }: Tenant,
  { id, directoryRoles }: User,
  applications: readonly Guid[],
): AccessPolicy[] =>
  conditionalAccess.filter(
    (policy) =>
      concerns(policy, applications) &&
      !policy.excludedUsers.includes(id) &&
      (policy.users === 'all' ||
        policy.users.includes(id) ||
        policy.roles.some((role) => directoryRoles.includes(role))),
  )

/**
 * The policies that an application meets when it acts by itself. Microsoft has them for applications of the tenant's own
 * alone; here a policy means whom it names.
 * @see https://learn.microsoft.com/entra/identity/conditional-access/workload-identity
 */
export const policiesForWorkload = ({ conditionalAccess }: Tenant, appId: Guid, resource: Guid): AccessPolicy[] =>
  conditionalAccess.length === 0
    ? []
    : conditionalAccess.filter((policy) => policy.workloads.includes(appId) && concerns(policy, [resource]))
