import type { User } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import type { Call } from '#emulator/graph/call.ts'
import { notFound } from '#emulator/graph/errors.ts'
import { usersSeen } from '#emulator/graph/lists.ts'
import { type Collection, collection, countOf, entity } from '#emulator/graph/odata/collection.ts'
import type { EntityType } from '#emulator/graph/odata/entity.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { memberOf } from '#emulator/graph/resources/expansions.ts'
import { USER } from '#emulator/graph/resources/user-type.ts'
import { get, type Route } from '#emulator/graph/route.ts'

/** The user in the path: by id, by user principal name, or oneself as /me. @throws GraphError 404 */
export function userIn(call: Call): User {
  const id = idIn(call)
  const { directory, lag } = call.world
  const { tenantId } = call.caller
  const user = lag.seen('user', { tenantId, key: id.toLowerCase(), now: findUser(directory, tenantId, id) })
  if (!user) throw notFound(id)
  return user
}

/** The same for writes: a replica may not know a new user, but nobody writes over what he does not see. @throws GraphError 404 */
export function userToWrite(call: Call): User {
  userIn(call)
  const user = findUser(call.world.directory, call.caller.tenantId, idIn(call))
  if (!user) throw notFound(idIn(call))
  return user
}

const idIn = ({ params, caller }: Call): string => params.id ?? caller.user?.id ?? 'me'

const EXPANDABLE: EntityType<User> = { ...USER, expand: { memberOf } }

const all = (call: Call): Collection<User> => ({
  type: EXPANDABLE,
  items: usersSeen(call),
  context: 'users',
  isStable: true,
})

export const userRoutes: readonly Route[] = [
  get('me', NEEDS.readMe, (call) => entity(call, { type: EXPANDABLE, item: userIn(call), context: 'users' })),
  get('users', NEEDS.readUsers, (call) => collection(call, all(call)), { units: 2, isStable: true }),
  get('users/$count', NEEDS.readUsers, (call) => countOf(call, all(call))),
  get('users/{id}', NEEDS.readUsers, (call) =>
    entity(call, { type: EXPANDABLE, item: userIn(call), context: 'users' }),
  ),
]
