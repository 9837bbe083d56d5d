import { findDeleted, listDeleted, purgeDeleted, restoreDeleted } from '#emulator/directory/deleted.ts'
import type { Deleted } from '#emulator/directory/open.ts'
import { type Answer, type Call, noContent, param } from '#emulator/graph/call.ts'
import { badRequest, notEmulated, notFound } from '#emulator/graph/errors.ts'
import { collection, entity } from '#emulator/graph/odata/collection.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { castTo, DIRECTORY_OBJECT, type DirectoryObject } from '#emulator/graph/resources/directory-object-type.ts'
import { get, post, type Route, remove } from '#emulator/graph/route.ts'

const objectOf = (deleted: Deleted): DirectoryObject => ({ ...deleted, id: deleted.of.id })

function deletedIn({ world, caller, params }: Call): Deleted {
  const id = params.id ?? ''
  const found = findDeleted(world.directory, caller.tenantId, id.toLowerCase())
  if (!found) throw notFound(id)
  return found
}

/** `microsoft.graph.user` lists, an id finds: the path is the same. */
function listOrFind(call: Call): Answer {
  const kind = castTo(param(call, 'id'))
  if (kind === null)
    return entity(call, { type: DIRECTORY_OBJECT, item: objectOf(deletedIn(call)), context: 'directoryObjects' })
  if (kind !== 'user' && kind !== 'group') throw notEmulated(call.method, call.path)
  const items = listDeleted(call.world.directory, call.caller.tenantId)
    .filter((deleted) => deleted.kind === kind)
    .map(objectOf)
  return collection(call, { type: DIRECTORY_OBJECT, items, context: `${kind}s` })
}

/** @see https://learn.microsoft.com/graph/api/directory-deleteditems-restore */
function restore(call: Call): Answer {
  const deleted = deletedIn(call)
  const { directory } = call.world
  const name = deleted.kind === 'user' ? deleted.of.userPrincipalName.toLowerCase() : null
  if (name !== null && call.contents.users.idOf(name) !== undefined)
    throw badRequest('Another object with the same value for property userPrincipalName already exists.')
  restoreDeleted(directory, call.caller.tenantId, deleted.of.id)
  return entity(call, { type: DIRECTORY_OBJECT, item: objectOf(deleted), context: 'directoryObjects' })
}

function purge(call: Call): Answer {
  purgeDeleted(call.world.directory, call.caller.tenantId, deletedIn(call).of.id)
  return noContent()
}

export const deletedItemRoutes: readonly Route[] = [
  get('directory/deletedItems/{id}', NEEDS.readDirectoryObjects, listOrFind),
  post('directory/deletedItems/{id}/restore', NEEDS.restore, restore),
  remove('directory/deletedItems/{id}', NEEDS.restore, purge),
]
