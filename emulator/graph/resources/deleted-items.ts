import { findDeleted, listDeleted, purgeDeleted, restoreDeleted } from '#emulator/directory/deleted.ts'
import type { Deleted } from '#emulator/directory/open.ts'
import { type Answer, type Call, noContent, param } from '#emulator/graph/call.ts'
import { badRequest, type GraphError, notEmulated, notFound, sameKey } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import { checkPermission, NEEDS, type Needs } from '#emulator/graph/permissions.ts'
import { castTo, DIRECTORY_OBJECT, type DirectoryObject } from '#emulator/graph/resources/directory-object-type.ts'
import { get, post, type Route, remove } from '#emulator/graph/route.ts'

/** Each type asks for permissions of its own. @see https://learn.microsoft.com/graph/api/directory-deleteditems-get#permissions */
const READ: Readonly<Record<Deleted['kind'], Needs>> = {
  user: NEEDS.readUsersFully,
  group: NEEDS.readGroupsFully,
  application: NEEDS.readApplications,
  servicePrincipal: NEEDS.readApplications,
}
const RESTORE: Readonly<Record<Deleted['kind'], Needs>> = {
  user: NEEDS.deleteUsers,
  group: NEEDS.deleteGroups,
  application: NEEDS.writeApplications,
  servicePrincipal: NEEDS.deleteServicePrincipals,
}
const anyOf = (needs: Readonly<Record<Deleted['kind'], Needs>>): Needs => ({
  allOf: [[...new Set(Object.values(needs).flatMap(({ allOf }) => allOf.flat()))]],
})

const objectOf = (deleted: Deleted): DirectoryObject => ({ ...deleted, id: deleted.of.id, deletedAt: deleted.at })

function deletedIn(call: Call, needs: Readonly<Record<Deleted['kind'], Needs>>): Deleted {
  const { world, caller, params } = call
  const id = params.id ?? ''
  const found = findDeleted(world.directory, caller.tenantId, id.toLowerCase())
  if (!found) throw notFound(id)
  checkPermission(caller, needs[found.kind])
  return found
}

/** `microsoft.graph.user` lists, an id finds: the path is the same. */
function listOrFind(call: Call): Answer {
  const kind = castTo(param(call, 'id'))
  if (kind === null)
    return entity(call, { type: DIRECTORY_OBJECT, item: objectOf(deletedIn(call, READ)), context: 'directoryObjects' })
  if (kind === 'directoryRole') throw notEmulated(call.method, call.path)
  checkPermission(call.caller, READ[kind])
  const items = listDeleted(call.world.directory, call.caller.tenantId)
    .filter((deleted) => deleted.kind === kind)
    .map(objectOf)
  return collection(call, { type: DIRECTORY_OBJECT, items, context: `${kind}s` })
}

/** @see https://learn.microsoft.com/graph/api/directory-deleteditems-restore */
function restore(call: Call): Answer {
  const deleted = deletedIn(call, RESTORE)
  const taken = whatIsTaken(call, deleted)
  if (taken) throw taken
  restoreDeleted(call.world.directory, call.caller.tenantId, deleted.of.id)
  return entity(call, {
    type: DIRECTORY_OBJECT,
    item: { ...deleted, id: deleted.of.id },
    context: 'directoryObjects',
  })
}

/** Somebody else may have taken the name meanwhile. */
function whatIsTaken({ contents }: Call, deleted: Deleted): GraphError | null {
  if (deleted.kind === 'user' && contents.users.idOf(deleted.of.userPrincipalName) !== undefined)
    return badRequest('Another object with the same value for property userPrincipalName already exists.')
  if (deleted.kind === 'servicePrincipal' && contents.servicePrincipalsByAppId.has(deleted.of.appId))
    return sameKey(
      `The service principal cannot be created, updated, or restored because the service principal name ${deleted.of.appId} is already in use.`,
    )
  return null
}

function purge(call: Call): Answer {
  purgeDeleted(call.world.directory, call.caller.tenantId, deletedIn(call, RESTORE).of.id)
  return noContent()
}

export const deletedItemRoutes: readonly Route[] = [
  get('directory/deletedItems/{id}', anyOf(READ), listOrFind),
  post('directory/deletedItems/{id}/restore', anyOf(RESTORE), restore),
  remove('directory/deletedItems/{id}', anyOf(RESTORE), purge),
]
