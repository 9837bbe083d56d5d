import { allGroupsOf, groupsOf } from '#emulator/directory/groups.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { type Answer, type Call, json, param, root } from '#emulator/graph/call.ts'
import { badRequest, notEmulated, notFound } from '#emulator/graph/errors.ts'
import { type Collection, collection, countOf } from '#emulator/graph/odata/collection.ts'
import { NEEDS, type Needs } from '#emulator/graph/permissions.ts'
import {
  castTo,
  DIRECTORY_OBJECT,
  type DirectoryObject,
  findDirectoryObject,
  groupObject,
} from '#emulator/graph/resources/directory-object-type.ts'
import { activeRoles } from '#emulator/graph/resources/directory-role-type.ts'
import { groupIn } from '#emulator/graph/resources/groups.ts'
import { mayReadMembers } from '#emulator/graph/resources/hidden-membership.ts'
import { servicePrincipalIn } from '#emulator/graph/resources/service-principals.ts'
import { userIn } from '#emulator/graph/resources/users.ts'
import { get, post, type Route } from '#emulator/graph/route.ts'

/** The groups that an object belongs to, directly or through other groups. */
export const groupIdsOf = ({ world, caller }: Call, id: Guid, isTransitive: boolean): Guid[] =>
  [...(isTransitive ? allGroupsOf : groupsOf)(world.directory, caller.tenantId, id)].map((group) => group.id)

type Find = (call: Call) => { id: Guid }

/** Groups and, of a user, directory roles. */
function membershipsOf(call: Call, find: Find, isTransitive: boolean): Collection<DirectoryObject> {
  const kind = call.params.type === undefined ? null : castTo(param(call, 'type'))
  if (call.params.type !== undefined && kind === null) throw notEmulated(call.method, call.path)
  const { id: memberId } = find(call)
  const groups = groupIdsOf(call, memberId, isTransitive).flatMap((id) => {
    const group = call.contents.groups.get(id)
    return group && mayReadMembers(call, group) ? [groupObject(group)] : []
  })
  const held = call.contents.users.get(memberId)?.directoryRoles ?? []
  const roles = (held.length === 0 ? [] : activeRoles(call.contents))
    .filter(({ templateId }) => held.includes(templateId))
    .map((of): DirectoryObject => ({ kind: 'directoryRole', id: of.id, of }))
  const items = [...groups, ...roles].filter((object) => kind === null || object.kind === kind)
  return { type: DIRECTORY_OBJECT, items, context: kind === null ? 'directoryObjects' : `${kind}s`, isStable: true }
}

/** Ids of groups, and of directory roles too where objects are asked for. */
async function memberIds(call: Call, find: Find, withRoles: boolean): Promise<string[]> {
  const { securityEnabledOnly } = await call.body()
  return (membershipsOf(call, find, true).items as DirectoryObject[])
    .filter(
      (object) =>
        (object.kind === 'group' && (securityEnabledOnly !== true || object.of.securityEnabled)) ||
        (withRoles && object.kind === 'directoryRole'),
    )
    .map(({ id }) => id)
}

const MAX_CHECKED = 20

/** Which of the named groups or objects it belongs to. */
async function checked(call: Call, find: Find, name: 'groupIds' | 'ids'): Promise<string[]> {
  const asked = (await call.body())[name]
  if (!Array.isArray(asked) || asked.length === 0 || asked.length > MAX_CHECKED)
    throw badRequest(`Invalid value specified for property '${name}': between 1 and ${MAX_CHECKED} ids.`)
  const wanted = asked.map((id) => String(id).toLowerCase())
  return (membershipsOf(call, find, true).items as DirectoryObject[])
    .filter(({ id, kind }) => wanted.includes(id) && (name === 'ids' || kind === 'group'))
    .map(({ id }) => id)
}

const texts = (call: Call, value: string[]): Answer =>
  json({ '@odata.context': `${root(call)}/$metadata#Collection(Edm.String)`, value })

const objectIn: Find = (call) => {
  const found = findDirectoryObject(call, param(call, 'id').toLowerCase())
  if (!found) throw notFound(param(call, 'id'))
  return found
}

/** What belongs to groups, what lists them, and what works them out. */
const MEMBERS: readonly { path: string; find: Find; list: Needs | null; resolve: Needs }[] = [
  { path: 'me', find: userIn, list: NEEDS.readMyMemberships, resolve: NEEDS.resolveMyMemberships },
  { path: 'users/{id}', find: userIn, list: NEEDS.readMemberships, resolve: NEEDS.resolveMemberships },
  { path: 'groups/{id}', find: groupIn, list: NEEDS.readGroupMemberships, resolve: NEEDS.resolveGroupMemberships },
  {
    path: 'servicePrincipals/{id}',
    find: servicePrincipalIn,
    list: NEEDS.readApplications,
    resolve: NEEDS.resolveObjectMemberships,
  },
  { path: 'directoryObjects/{id}', find: objectIn, list: null, resolve: NEEDS.resolveObjectMemberships },
]

const READ = { units: 2, isRead: true } as const
const CHECK = { units: 4, isRead: true } as const

export const membershipRoutes: readonly Route[] = MEMBERS.flatMap(({ path, find, list, resolve }) => {
  const units = find === userIn ? { units: 2 } : {}
  const lists = [
    ['memberOf', false],
    ['transitiveMemberOf', true],
  ] as const
  return [
    ...(list === null ? [] : lists).flatMap(([name, isTransitive]): Route[] => {
      const needs = list ?? resolve
      const all = (call: Call) => collection(call, membershipsOf(call, find, isTransitive))
      return [
        get(`${path}/${name}`, needs, all, units),
        get(`${path}/${name}/$count`, needs, (call) => countOf(call, membershipsOf(call, find, isTransitive))),
        get(`${path}/${name}/{type}`, needs, all, units),
      ]
    }),
    post(`${path}/getMemberGroups`, resolve, async (call) => texts(call, await memberIds(call, find, false)), READ),
    post(`${path}/getMemberObjects`, resolve, async (call) => texts(call, await memberIds(call, find, true)), READ),
    post(
      `${path}/checkMemberGroups`,
      resolve,
      async (call) => texts(call, await checked(call, find, 'groupIds')),
      CHECK,
    ),
    post(`${path}/checkMemberObjects`, resolve, async (call) => texts(call, await checked(call, find, 'ids')), CHECK),
  ]
})
