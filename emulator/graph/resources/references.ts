import type { Member } from '#emulator/directory/open.ts'
import type { Call } from '#emulator/graph/call.ts'
import { GraphError, notFound } from '#emulator/graph/errors.ts'
import { findDirectoryObject } from '#emulator/graph/resources/directory-object-type.ts'

/**
 * What a reference in a body points to.
 * @param link `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, or users/, groups/…
 * @throws GraphError 400, 404
 */
export function objectBehind(call: Call, link: string): Member {
  const [, id] = /\/(?:directoryObjects|users|groups|servicePrincipals)\/([^/?]+)$/i.exec(link) ?? []
  if (!id) throw new GraphError(400, 'Request_BadRequest', `Invalid URL format specified in payload: ${link}`)
  const object = findDirectoryObject(call, id.toLowerCase())
  if (object?.kind !== 'user' && object?.kind !== 'group' && object?.kind !== 'servicePrincipal') throw notFound(id)
  return { id: object.id, kind: object.kind }
}
