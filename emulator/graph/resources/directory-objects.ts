import { type Answer, type Call, param, root } from '#emulator/graph/call.ts'
import { badRequest, notFound } from '#emulator/graph/errors.ts'
import { entity } from '#emulator/graph/odata/collection.ts'
import { shapeOf, show } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { DIRECTORY_OBJECT, findDirectoryObject } from '#emulator/graph/resources/directory-object-type.ts'
import { get, post, type Route } from '#emulator/graph/route.ts'

const MAX_IDS = 1_000

/** Ids that nobody has are left out. @see https://learn.microsoft.com/graph/api/directoryobject-getbyids */
async function getByIds(call: Call): Promise<Answer> {
  const { ids, types } = await call.body()
  if (!Array.isArray(ids) || ids.length === 0) throw badRequest('At least one id must be provided.')
  if (ids.length > MAX_IDS) throw badRequest(`Too many ids were provided; at most ${MAX_IDS} are allowed.`)
  const kinds = Array.isArray(types) ? types.map((type) => String(type).toLowerCase()) : []
  const shape = shapeOf(DIRECTORY_OBJECT, call)
  const value = [...new Set(ids.map((id) => String(id).toLowerCase()))].flatMap((id) => {
    const object = findDirectoryObject(call, id)
    const wanted =
      kinds.length === 0 || kinds.includes('directoryobject') || kinds.includes(object?.kind.toLowerCase() ?? '')
    return object && wanted ? [show(DIRECTORY_OBJECT, shape, object, call)] : []
  })
  return {
    status: 200,
    body: JSON.stringify({ '@odata.context': `${root(call)}/$metadata#directoryObjects`, value }),
  }
}

export const directoryObjectRoutes: readonly Route[] = [
  get('directoryObjects/{id}', NEEDS.readDirectoryObject, (call) => {
    const item = findDirectoryObject(call, param(call, 'id').toLowerCase())
    if (!item) throw notFound(param(call, 'id'))
    return entity(call, { type: DIRECTORY_OBJECT, item, context: 'directoryObjects' })
  }),
  post('directoryObjects/getByIds', NEEDS.readDirectoryObjects, getByIds, { units: 5, unitsSelected: 2, isRead: true }),
]
