import { DIRECTORY_ROLES } from '#emulator/directory/directory-roles.ts'
import { type Call, param } from '#emulator/graph/call.ts'
import { notFound } from '#emulator/graph/errors.ts'
import { usersIn } from '#emulator/graph/lists.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { DIRECTORY_OBJECT, userObject } from '#emulator/graph/resources/directory-object-type.ts'
import { type ActiveRole, activeRoles, DIRECTORY_ROLE } from '#emulator/graph/resources/directory-role-type.ts'
import { get, type Route } from '#emulator/graph/route.ts'

type Template = { id: string; displayName: string; description: string }

const TEMPLATE: EntityType<Template> = {
  name: 'directoryRoleTemplate',
  properties: {
    id: { read: (template) => template.id, shown: true },
    deletedDateTime: { read: () => null, shown: true },
    description: { read: (template) => template.description, shown: true },
    displayName: { read: (template) => template.displayName, shown: true },
  },
}

function roleIn(call: Call): ActiveRole {
  const id = param(call, 'id').toLowerCase()
  const templateId = keyOf(id, 'roleTemplateId')
  const found = activeRoles(call.contents).find((role) =>
    templateId === null ? role.id === id : role.templateId === templateId,
  )
  if (!found) throw notFound(param(call, 'id'))
  return found
}

export const directoryRoleRoutes: readonly Route[] = [
  get('directoryRoles', NEEDS.readDirectoryRoles, (call) =>
    collection(call, { type: DIRECTORY_ROLE, items: activeRoles(call.contents), context: 'directoryRoles' }),
  ),
  get('directoryRoles/{id}', NEEDS.readDirectoryRoles, (call) =>
    entity(call, { type: DIRECTORY_ROLE, item: roleIn(call), context: 'directoryRoles' }),
  ),
  get('directoryRoles/{id}/members', NEEDS.readDirectoryRoles, (call) => {
    const { templateId } = roleIn(call)
    const items = usersIn(call.contents)
      .filter((user) => user.directoryRoles.includes(templateId))
      .map(userObject)
    return collection(call, { type: DIRECTORY_OBJECT, items, context: 'directoryObjects' })
  }),
  get('directoryRoleTemplates', NEEDS.readDirectoryRoles, (call) => {
    const items = DIRECTORY_ROLES.map(({ templateId, ...role }) => ({ ...role, id: templateId }))
    return collection(call, { type: TEMPLATE, items, context: 'directoryRoleTemplates' })
  }),
]
