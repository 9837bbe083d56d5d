import type { z } from 'zod'
import type { Call } from '#emulator/graph/call.ts'
import { badRequest, GraphError, notEmulated } from '#emulator/graph/errors.ts'
import { type EntityType, spell } from '#emulator/graph/odata/entity.ts'

/**
 * The body of a write, as the emulator keeps it.
 * @throws GraphError 400 for a wrong value or a property that the type does not have, 501 for one that is not kept here
 */
export async function readBody<Schema extends z.ZodObject, Item>(
  call: Call,
  schema: Schema,
  type: EntityType<Item>,
): Promise<z.output<Schema>> {
  const resource = type.name.charAt(0).toUpperCase() + type.name.slice(1)
  const body = await call.body()
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(body)) {
    if (name in schema.shape) known[name] = value
    else if (!name.startsWith('@odata.')) refuseUnknown(call, type, name, value)
  }
  const parsed = schema.safeParse(known)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = issue?.path.join('/') ?? ''
  throw badRequest(
    body[String(issue?.path[0])] === undefined
      ? `A value is required for property '${name}' of resource '${resource}'.`
      : `Invalid value specified for property '${name}' of resource '${resource}'.`,
  )
}

/** A property that Graph has, said to be empty, asks for nothing. */
function refuseUnknown<Item>(call: Call, type: EntityType<Item>, name: string, value: unknown): void {
  const isEmpty = value === null || (Array.isArray(value) && value.length === 0)
  if (spell(type, name) === null) throw new GraphError(400, 'Request_BadRequest', `Invalid property '${name}'.`)
  if (!isEmpty) throw notEmulated(call.method, `${call.path} with the property '${name}'`)
}
