import { addOwner, ownedBy, ownersOf, removeOwner } from '#emulator/directory/owners.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { type Answer, type Call, noContent, param, textIn } from '#emulator/graph/call.ts'
import { badRequest, notEmulated, notFound } from '#emulator/graph/errors.ts'
import { type Collection, collection, countOf } from '#emulator/graph/odata/collection.ts'
import { NEEDS, type Needs } from '#emulator/graph/permissions.ts'
import { ownApplicationIn } from '#emulator/graph/resources/application-writes.ts'
import { applicationIn } from '#emulator/graph/resources/applications.ts'
import {
  castTo,
  DIRECTORY_OBJECT,
  type DirectoryObject,
  findDirectoryObject,
  objectsBehind,
} from '#emulator/graph/resources/directory-object-type.ts'
import { groupIn, groupToWrite } from '#emulator/graph/resources/groups.ts'
import { isOwnGroup } from '#emulator/graph/resources/owned.ts'
import { objectBehind } from '#emulator/graph/resources/references.ts'
import { ownServicePrincipalIn, servicePrincipalIn } from '#emulator/graph/resources/service-principals.ts'
import { userIn } from '#emulator/graph/resources/users.ts'
import { get, post, type Route, remove } from '#emulator/graph/route.ts'

/** A set whose objects have owners. */
type Owned = {
  set: string
  read: Needs
  add: Needs
  remove: Needs
  find: (call: Call) => { id: Guid }
  findToWrite: (call: Call) => { id: Guid }
}

const OWNED: readonly Owned[] = [
  {
    set: 'applications',
    read: NEEDS.readOwners,
    add: NEEDS.addOwners,
    remove: NEEDS.removeOwners,
    find: applicationIn,
    findToWrite: ownApplicationIn,
  },
  {
    set: 'servicePrincipals',
    read: NEEDS.readOwners,
    add: NEEDS.addOwners,
    remove: NEEDS.removeOwners,
    find: servicePrincipalIn,
    findToWrite: ownServicePrincipalIn,
  },
  {
    set: 'groups',
    read: NEEDS.readMembers,
    add: NEEDS.writeGroups,
    remove: NEEDS.writeGroups,
    find: groupIn,
    findToWrite: groupToWrite,
  },
]

function listed(call: Call, objects: readonly DirectoryObject[]): Collection<DirectoryObject> {
  const kind = call.params.type === undefined ? null : castTo(param(call, 'type'))
  if (call.params.type !== undefined && kind === null) throw notEmulated(call.method, call.path)
  const items = objects.filter((object) => kind === null || object.kind === kind)
  return { type: DIRECTORY_OBJECT, items, context: kind === null ? 'directoryObjects' : `${kind}s` }
}

const owners = ({ find }: Owned, call: Call): Collection<DirectoryObject> =>
  listed(call, objectsBehind(call, ownersOf(call.world.directory, call.caller.tenantId, find(call).id)))

/** @see https://learn.microsoft.com/graph/api/application-post-owners */
async function add({ findToWrite }: Owned, call: Call): Promise<Answer> {
  const { id } = findToWrite(call)
  const owner = objectBehind(call, textIn(await call.body(), '@odata.id'))
  if (owner.kind === 'group')
    throw badRequest('The reference target is not a valid owner: it must be a user or a service principal.')
  if (addOwner(call.world.directory, call.caller.tenantId, id, owner) === 'exists')
    throw badRequest(
      "One or more added object references already exist for the following modified properties: 'owners'.",
    )
  return noContent()
}

function removeOne({ set, findToWrite }: Owned, call: Call): Answer {
  const { id } = findToWrite(call)
  const owner = param(call, 'owner').toLowerCase()
  const { directory } = call.world
  const known = objectsBehind(call, ownersOf(directory, call.caller.tenantId, id))
  if (!known.some((object) => object.id === owner)) throw notFound(owner)
  if (set === 'groups' && known.length === 1 && known[0]?.kind === 'user')
    throw badRequest('The group must have at least one owner, hence this owner cannot be removed.')
  removeOwner(directory, call.caller.tenantId, id, owner)
  return noContent()
}

const ownedObjects = (call: Call, { id }: { id: Guid }): Collection<DirectoryObject> =>
  listed(
    call,
    [...ownedBy(call.world.directory, call.caller.tenantId, id)].flatMap((owned) => {
      const object = findDirectoryObject(call, owned)
      return object ? [object] : []
    }),
  )

const OWNERS = [
  ['me', NEEDS.readMyThings, userIn],
  ['users/{id}', NEEDS.readUsersFully, userIn],
  ['servicePrincipals/{id}', NEEDS.readApplications, servicePrincipalIn],
] as const

const byOwner = ({ set }: { set: string }): Partial<Route> => (set === 'groups' ? { isOwn: isOwnGroup } : {})

export const ownerRoutes: readonly Route[] = [
  ...OWNED.flatMap((owned): Route[] => [
    get(`${owned.set}/{id}/owners`, owned.read, (call) => collection(call, owners(owned, call))),
    get(`${owned.set}/{id}/owners/$count`, owned.read, (call) => countOf(call, owners(owned, call))),
    get(`${owned.set}/{id}/owners/{type}`, owned.read, (call) => collection(call, owners(owned, call))),
    post(`${owned.set}/{id}/owners/$ref`, owned.add, (call) => add(owned, call), byOwner(owned)),
    remove(`${owned.set}/{id}/owners/{owner}/$ref`, owned.remove, (call) => removeOne(owned, call), byOwner(owned)),
  ]),
  ...OWNERS.flatMap(([path, needs, find]): Route[] => [
    get(`${path}/ownedObjects`, needs, (call) => collection(call, ownedObjects(call, find(call))), { units: 2 }),
    get(`${path}/ownedObjects/{type}`, needs, (call) => collection(call, ownedObjects(call, find(call))), { units: 2 }),
  ]),
]
