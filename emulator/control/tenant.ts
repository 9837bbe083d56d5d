import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { DIRECTORY_ROLES } from '#emulator/directory/directory-roles.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { grantsOf } from '#emulator/directory/permission-grants.ts'
import { findServicePrincipal, listServicePrincipals } from '#emulator/directory/service-principals.ts'
import type { Group, Tenant, User } from '#emulator/directory/types.ts'
import { findUser, listNamedUsers } from '#emulator/directory/users.ts'
import type { TenantView } from '#emulator/pages/inside-tenant.ts'
import type { World } from '#emulator/world.ts'

/** People and groups are many: so many are shown, and the rest found by name. */
const SHOWN = 50

/** Who is in a tenant, which apps are present, and what they may do. */
export function viewTenant({ directory }: World, tenant: Tenant, search: string): TenantView {
  const contents = contentsOf(directory, tenant.id)
  const apps = [...listServicePrincipals(directory, tenant.id)]
  const has = (text: string): boolean => text.toLowerCase().includes(search.toLowerCase())
  const users =
    search === ''
      ? { shown: contents.users.slice(0, SHOWN), of: contents.users.length }
      : first(contents.users.filter(({ displayName, userPrincipalName }) => has(displayName) || has(userPrincipalName)))
  const groups = first([...contents.groups.values()].filter(({ displayName }) => has(displayName)))
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
    apps: apps.map((app) => ({
      name: app.displayName,
      appId: app.appId,
      objectId: app.id,
      enabled: app.accountEnabled,
      roles: assignmentsOf(directory, tenant.id, app.id).map(({ resourceId, appRoleId }) => {
        const resource = findServicePrincipal(directory, tenant.id, resourceId)
        const roles = findApplication(directory, resource?.appId ?? '')?.appRoles
        return roles?.find(({ id }) => id === appRoleId)?.value ?? appRoleId
      }),
    })),
    consents: apps.flatMap((app) =>
      grantsOf(directory, tenant.id, app.id).map(({ principalId, resourceId, scope }) => ({
        app: app.displayName,
        resource: findServicePrincipal(directory, tenant.id, resourceId)?.displayName ?? resourceId,
        who:
          principalId === null
            ? 'everybody'
            : (findUser(directory, tenant.id, principalId)?.userPrincipalName ?? principalId),
        scopes: scope.join(' '),
      })),
    ),
    users: { shown: users.shown.map(showUser), of: users.of },
    groups: {
      shown: groups.shown.map((group) => ({ ...showGroup(group), members: contents.members.get(group.id)?.size ?? 0 })),
      of: groups.of,
    },
    search,
  }
}

const first = <Item>(items: readonly Item[]) => ({ shown: items.slice(0, SHOWN), of: items.length })

const showUser = ({ id, userPrincipalName, displayName, accountEnabled, userType }: User) => ({
  id,
  name: userPrincipalName,
  displayName,
  enabled: accountEnabled,
  guest: userType === 'Guest',
})

const showGroup = ({ id, displayName, groupTypes }: Group) => ({
  id,
  displayName,
  kind: groupTypes.includes('Unified') ? 'Microsoft 365' : 'security',
})
