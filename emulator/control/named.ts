import { findApplication } from '#emulator/directory/applications.ts'
import { findDirectoryRole } from '#emulator/directory/directory-roles.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import { findTenant } from '#emulator/directory/tenants.ts'
import type { Application, Guid, ServicePrincipal, Tenant, User } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import type { World } from '#emulator/world.ts'

/** What was named is not there, or is not what it should be. */
export class OperationError extends Error {
  override readonly name = 'OperationError'
}

export function tenantOf({ directory }: Pick<World, 'directory'>, segment: string): Tenant {
  const found = findTenant(directory, segment)
  if (!found) throw new OperationError(`There is no tenant ${segment}.`)
  return found
}

export function applicationOf({ directory }: World, appId: string): Application {
  const found = findApplication(directory, appId)
  if (!found) throw new OperationError(`There is no application ${appId}.`)
  return found
}

export function userOf(world: World, input: { tenant: string; user: string }): User {
  const { id, displayName } = tenantOf(world, input.tenant)
  const found = findUser(world.directory, id, input.user)
  if (!found) throw new OperationError(`There is no user ${input.user} in ${displayName}.`)
  return found
}

export function presenceOf(world: World, input: { tenant: string; app: string }): ServicePrincipal {
  const { id, displayName } = tenantOf(world, input.tenant)
  const found = findServicePrincipalByAppId(world.directory, id, input.app.toLowerCase())
  if (!found) throw new OperationError(`The application ${input.app} has no service principal in ${displayName}.`)
  return found
}

export function permissionOf(
  world: World,
  input: { tenant: string; app: string; permission: string },
): { client: ServicePrincipal; graph: ServicePrincipal; roleId: Guid } {
  const role = applicationOf(world, MICROSOFT_GRAPH).appRoles.find(({ value }) => value === input.permission)
  if (!role) throw new OperationError(`Microsoft Graph has no application permission ${input.permission}.`)
  return {
    client: presenceOf(world, input),
    graph: presenceOf(world, { tenant: input.tenant, app: MICROSOFT_GRAPH }),
    roleId: role.id,
  }
}

export function roleOf(wanted: string): Guid {
  const role = findDirectoryRole(wanted)
  if (!role) throw new OperationError(`There is no directory role “${wanted}”.`)
  return role.templateId
}
