import { createHash } from 'node:crypto'
import type { Guid } from '#emulator/directory/types.ts'

export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A text put together from pieces keeps the pieces: copied into one it takes a fifth of the memory, a million times. */
export const flat = (text: string): string => Buffer.from(text).toString()

/** The same GUID for the same words, so that an estate has the same ids each time. */
export function guidOf(...words: readonly (string | number)[]): Guid {
  const hex = createHash('sha256').update(words.join('\u0000')).digest('hex')
  return flat(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`)
}

/** .NET writes the first three groups of a GUID little-endian. */
function dotnetBytes(guid: Guid): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

/** An appRoleAssignment's id: the principal, then 16 bytes of its own. @see https://learn.microsoft.com/graph/api/resources/approleassignment */
export const assignmentId = (principalId: Guid, unique: Guid): string =>
  Buffer.concat([dotnetBytes(principalId), dotnetBytes(unique)]).toString('base64url')

/** An oauth2PermissionGrant's id: client, resource and, for one user's own consent, that user. */
export const permissionGrantId = (clientId: Guid, resourceId: Guid, principalId: Guid | null): string =>
  Buffer.concat([clientId, resourceId, ...(principalId ? [principalId] : [])].map(dotnetBytes)).toString('base64url')

/** The same person is another subject to every application. */
export const pairwise = (userId: Guid, appId: Guid): string =>
  createHash('sha256').update(`${userId}:${appId}`).digest('base64url')
