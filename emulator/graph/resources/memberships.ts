import { groupsOf } from '#emulator/directory/groups.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { type Answer, type Call, json, param, root } from '#emulator/graph/call.ts'
import { badRequest, notEmulated } from '#emulator/graph/errors.ts'
import { type Collection, collection, countOf } from '#emulator/graph/odata/collection.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import {
  castTo,
  DIRECTORY_OBJECT,
  type DirectoryObject,
  groupObject,
} from '#emulator/graph/resources/directory-object-type.ts'
import { activeRoles } from '#emulator/graph/resources/directory-role-type.ts'
import { mayReadMembers } from '#emulator/graph/resources/hidden-membership.ts'
import { userIn } from '#emulator/graph/resources/users.ts'
import { get, post, type Route } from '#emulator/graph/route.ts'

/** The groups that an object belongs to, directly or through other groups. */
export function groupIdsOf({ world, caller }: Call, id: Guid, isTransitive: boolean): Guid[] {
  const found = new Set<Guid>()
  const visit = (memberId: Guid) => {
    for (const group of groupsOf(world.directory, caller.tenantId, memberId)) {
      if (found.has(group.id)) continue
      found.add(group.id)
      if (isTransitive) visit(group.id)
    }
  }
  visit(id)
  return [...found]
}

/** A user's groups and directory roles. */
function membershipsOf(call: Call, isTransitive: boolean): Collection<DirectoryObject> {
  const kind = call.params.type === undefined ? null : castTo(param(call, 'type'))
  if (call.params.type !== undefined && kind === null) throw notEmulated(call.method, call.path)
  const user = userIn(call)
  const groups = groupIdsOf(call, user.id, isTransitive).flatMap((id) => {
    const group = call.contents.groups.get(id)
    return group && mayReadMembers(call, group) ? [groupObject(group)] : []
  })
  const roles = activeRoles(call.contents)
    .filter(({ templateId }) => user.directoryRoles.includes(templateId))
    .map((of): DirectoryObject => ({ kind: 'directoryRole', id: of.id, of }))
  const items = [...groups, ...roles].filter((object) => kind === null || object.kind === kind)
  return { type: DIRECTORY_OBJECT, items, context: kind === null ? 'directoryObjects' : `${kind}s`, isStable: true }
}

/** Ids of groups, and of directory roles too where objects are asked for. */
async function memberIds(call: Call, withRoles: boolean): Promise<string[]> {
  const { securityEnabledOnly } = await call.body()
  return membershipsOf(call, true)
    .items.filter(
      (object) =>
        (object.kind === 'group' && (securityEnabledOnly !== true || object.of.securityEnabled)) ||
        (withRoles && object.kind === 'directoryRole'),
    )
    .map(({ id }) => id)
}

const MAX_CHECKED = 20

/** Which of the named groups or objects it belongs to. */
async function checked(call: Call, name: 'groupIds' | 'ids'): Promise<string[]> {
  const asked = (await call.body())[name]
  if (!Array.isArray(asked) || asked.length === 0 || asked.length > MAX_CHECKED)
    throw badRequest(`Invalid value specified for property '${name}': between 1 and ${MAX_CHECKED} ids.`)
  const wanted = asked.map((id) => String(id).toLowerCase())
  return membershipsOf(call, true)
    .items.filter(({ id, kind }) => wanted.includes(id) && (name === 'ids' || kind === 'group'))
    .map(({ id }) => id)
}

const texts = (call: Call, value: string[]): Answer =>
  json({ '@odata.context': `${root(call)}/$metadata#Collection(Edm.String)`, value })

const UNITS = { units: 2 }
const READ = { units: 2, isRead: true } as const
const CHECK = { units: 4, isRead: true } as const

export const membershipRoutes: readonly Route[] = (['me', 'users/{id}'] as const).flatMap((who) => {
  const needs = who === 'me' ? NEEDS.readMyMemberships : NEEDS.readMemberships
  return [
    get(`${who}/memberOf`, needs, (call) => collection(call, membershipsOf(call, false)), UNITS),
    get(`${who}/memberOf/$count`, needs, (call) => countOf(call, membershipsOf(call, false))),
    get(`${who}/memberOf/{type}`, needs, (call) => collection(call, membershipsOf(call, false)), UNITS),
    post(`${who}/getMemberGroups`, needs, async (call) => texts(call, await memberIds(call, false)), READ),
    post(`${who}/getMemberObjects`, needs, async (call) => texts(call, await memberIds(call, true)), READ),
    post(`${who}/checkMemberGroups`, needs, async (call) => texts(call, await checked(call, 'groupIds')), CHECK),
    post(`${who}/checkMemberObjects`, needs, async (call) => texts(call, await checked(call, 'ids')), CHECK),
    get(`${who}/transitiveMemberOf`, needs, (call) => collection(call, membershipsOf(call, true)), UNITS),
    get(`${who}/transitiveMemberOf/$count`, needs, (call) => countOf(call, membershipsOf(call, true))),
    get(`${who}/transitiveMemberOf/{type}`, needs, (call) => collection(call, membershipsOf(call, true)), UNITS),
  ]
})
