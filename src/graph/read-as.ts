import { z } from 'zod'
import { unreadable } from '#graph/errors.ts'
import {
  type AppRoleId,
  type ClientId,
  type ObjectId,
  parseAppRoleId,
  parseClientId,
  parseObjectId,
} from '#model/ids.ts'

/** Ids as Graph sends them; what is none is nothing that could be gone on with. */
export const objectId = z.guid().transform((id) => parseObjectId(id) as ObjectId)
export const clientId = z.guid().transform((id) => parseClientId(id) as ClientId)
export const appRoleId = z.guid().transform((id) => parseAppRoleId(id) as AppRoleId)

/** @throws Problem ANSWER_UNREADABLE: what Graph sends in another shape is none of our faults, and mostly passes */
export function readAs<Shape extends z.ZodType>(shape: Shape, json: unknown): z.output<Shape> {
  const read = shape.safeParse(json)
  if (read.success) return read.data
  const where = read.error.issues[0]?.path.join('.')
  throw unreadable(`Microsoft Graph sent something of another shape${where ? ` (${where})` : ''}.`)
}
