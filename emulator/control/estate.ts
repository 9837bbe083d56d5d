import { listApplications } from '#emulator/directory/applications.ts'
import { DIRECTORY_ROLES } from '#emulator/directory/directory-roles.ts'
import { countGroups } from '#emulator/directory/groups.ts'
import { MICROSOFT_SERVICES } from '#emulator/directory/microsoft-graph.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { listTenants } from '#emulator/directory/tenants.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { countUsers, listNamedUsers } from '#emulator/directory/users.ts'
import type { World } from '#emulator/world.ts'

export type EstateView = {
  tenants: {
    id: Guid
    displayName: string
    domains: string[]
    users: number
    groups: number
    servicePrincipals: number
    /** Who can sign in; passwords are in the estate file alone. */
    accounts: { userPrincipalName: string; displayName: string; roles: string[]; enabled: boolean; guest: boolean }[]
  }[]
  applications: {
    appId: Guid
    displayName: string
    homeTenant: Guid
    redirectUris: string[]
    secrets: number
    certificates: number
  }[]
}

/** What is there, in short; no password, secret or token. */
export function viewEstate({ directory }: World): EstateView {
  const tenants = listTenants(directory)
  return {
    tenants: tenants.map((tenant) => ({
      id: tenant.id,
      displayName: tenant.displayName,
      domains: tenant.domains.map(({ name }) => name),
      users: countUsers(directory, tenant.id),
      groups: countGroups(directory, tenant.id),
      servicePrincipals: contentsOf(directory, tenant.id).servicePrincipals.size,
      accounts: [...listNamedUsers(directory, tenant.id)]
        .filter(({ password }) => password !== null)
        .map((user) => ({
          userPrincipalName: user.userPrincipalName,
          displayName: user.displayName,
          roles: user.directoryRoles.map(roleName),
          enabled: user.accountEnabled,
          guest: user.home !== null,
        })),
    })),
    applications: tenants
      .filter(({ id }) => id !== MICROSOFT_SERVICES)
      .flatMap(({ id }) => listApplications(directory, id))
      .map((application) => ({
        appId: application.appId,
        displayName: application.displayName,
        homeTenant: application.tenantId,
        redirectUris: Object.values(application.redirectUris).flat(),
        secrets: application.passwordCredentials.length,
        certificates: application.keyCredentials.length,
      })),
  }
}

const roleName = (templateId: Guid): string =>
  DIRECTORY_ROLES.find((role) => role.templateId === templateId)?.displayName ?? templateId
