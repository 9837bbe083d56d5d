import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { DIRECTORY_ROLES } from '#emulator/directory/directory-roles.ts'
import { grantsOf } from '#emulator/directory/permission-grants.ts'
import { findServicePrincipal, listServicePrincipals } from '#emulator/directory/service-principals.ts'
import type { Tenant } from '#emulator/directory/types.ts'
import { findUser, listNamedUsers } from '#emulator/directory/users.ts'
import type { TenantView } from '#emulator/pages/inside.ts'
import type { World } from '#emulator/world.ts'

/** Who is in a tenant, which apps are present, and what they may do. */
export function viewTenant({ directory }: World, tenant: Tenant): TenantView {
  return {
    id: tenant.id,
    displayName: tenant.displayName,
    domains: tenant.domains.map(({ name }) => name),
    accounts: [...listNamedUsers(directory, tenant.id)]
      .filter(({ password }) => password !== null)
      .map((user) => ({
        name: user.userPrincipalName,
        displayName: user.displayName,
        roles: DIRECTORY_ROLES.filter(({ templateId }) => user.directoryRoles.includes(templateId))
          .map(({ displayName }) => displayName)
          .join(', '),
        enabled: user.accountEnabled,
      })),
    apps: [...listServicePrincipals(directory, tenant.id)].map((app) => ({
      name: app.displayName,
      appId: app.appId,
      objectId: app.id,
      enabled: app.accountEnabled,
      roles: assignmentsOf(directory, tenant.id, app.id).map(({ resourceId, appRoleId }) => {
        const resource = findServicePrincipal(directory, tenant.id, resourceId)
        const roles = findApplication(directory, resource?.appId ?? '')?.appRoles
        return roles?.find(({ id }) => id === appRoleId)?.value ?? appRoleId
      }),
      consents: grantsOf(directory, tenant.id, app.id).map(({ principalId, scope }) => {
        const who =
          principalId === null
            ? 'everybody'
            : (findUser(directory, tenant.id, principalId)?.userPrincipalName ?? principalId)
        return `${who}: ${scope.join(' ')}`
      }),
    })),
  }
}
