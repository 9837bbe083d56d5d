import { DIRECTORY_ROLES, directoryRoleId, GLOBAL_ADMINISTRATOR } from '#emulator/directory/directory-roles.ts'
import type { TenantContents } from '#emulator/directory/open.ts'
import type { Guid, User } from '#emulator/directory/types.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'

/** A directory role that somebody has activated in this tenant. */
export type ActiveRole = { id: Guid; templateId: Guid; displayName: string; description: string }

export const DIRECTORY_ROLE: EntityType<ActiveRole> = {
  name: 'directoryRole',
  properties: {
    id: { read: (role) => role.id, shown: true, filter: 'default' },
    deletedDateTime: { read: () => null, shown: true },
    description: { read: (role) => role.description, shown: true },
    displayName: { read: (role) => role.displayName, shown: true, filter: 'default' },
    roleTemplateId: { read: (role) => role.templateId, shown: true, filter: 'default' },
  },
}

/** Only roles that were ever held are listed; Global Administrator always is. */
export function activeRoles({ tenant, users }: TenantContents): ActiveRole[] {
  const held = new Set<Guid>([GLOBAL_ADMINISTRATOR])
  for (const user of users.values()) for (const role of user.directoryRoles) held.add(role)
  return DIRECTORY_ROLES.filter(({ templateId }) => held.has(templateId)).map((role) => ({
    ...role,
    id: directoryRoleId(tenant.id, role.templateId),
  }))
}

/** Who holds a role, by the role's object id. */
export function holdersOf({ tenant, users }: TenantContents, roleId: Guid): User[] {
  const role = DIRECTORY_ROLES.find(({ templateId }) => directoryRoleId(tenant.id, templateId) === roleId)
  return role ? [...users.named()].filter((user) => user.directoryRoles.includes(role.templateId)) : []
}
