import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { addGroup, addMember, findGroup, removeGroup, removeMember, updateGroup } from '#emulator/directory/groups.ts'
import type { Member } from '#emulator/directory/open.ts'
import { addOwner } from '#emulator/directory/owners.ts'
import { defaultDomain } from '#emulator/directory/tenants.ts'
import type { Group, Guid } from '#emulator/directory/types.ts'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, noContent, param, textIn } from '#emulator/graph/call.ts'
import { badRequest, notFound } from '#emulator/graph/errors.ts'
import { createdEntity, placeOf } from '#emulator/graph/odata/created.ts'
import { NEEDS } from '#emulator/graph/permissions.ts'
import { GROUP } from '#emulator/graph/resources/group-type.ts'
import { groupToWrite } from '#emulator/graph/resources/groups.ts'
import { isOwnGroup } from '#emulator/graph/resources/owned.ts'
import { objectBehind } from '#emulator/graph/resources/references.ts'
import { patch, post, type Route, remove } from '#emulator/graph/route.ts'

const MAX_BOUND = 20
const bound = z.array(z.string()).max(MAX_BOUND)
const changeable = z.object({
  displayName: z.string().min(1).max(256).optional(),
  description: z.string().max(1_024).nullable().optional(),
  mailNickname: z.string().min(1).max(64).optional(),
  mailEnabled: z.boolean().optional(),
  securityEnabled: z.boolean().optional(),
  groupTypes: z.array(z.enum(['Unified'])).optional(),
  visibility: z.enum(['Private', 'Public', 'HiddenMembership']).nullable().optional(),
  'members@odata.bind': bound.optional(),
})
const created = changeable
  .required({ displayName: true, mailEnabled: true, mailNickname: true, securityEnabled: true })
  .extend({ 'owners@odata.bind': bound.optional() })

/** @see https://learn.microsoft.com/graph/api/group-post-groups */
async function create(call: Call): Promise<Answer> {
  const {
    'members@odata.bind': members = [],
    'owners@odata.bind': owners = [],
    ...given
  } = await readBody(call, created, GROUP)
  const groupTypes = given.groupTypes ?? []
  const isUnified = groupTypes.includes('Unified')
  if (given.mailEnabled !== isUnified)
    throw badRequest(
      'The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.',
    )
  const found = members.map((link) => memberBehind(call, link))
  const owning = owners.map((link) => objectBehind(call, link))
  const group: Group = {
    id: randomUUID(),
    tenantId: call.caller.tenantId,
    displayName: given.displayName,
    description: given.description ?? null,
    mail: isUnified ? `${given.mailNickname}@${defaultDomain(call.contents.tenant)}` : null,
    mailNickname: given.mailNickname,
    mailEnabled: given.mailEnabled,
    securityEnabled: given.securityEnabled,
    groupTypes,
    visibility: given.visibility ?? (isUnified ? 'Public' : null),
    createdAt: call.world.clock.now(),
  }
  addGroup(call.world.directory, group)
  for (const member of found) addMember(call.world.directory, call.caller.tenantId, group.id, member)
  // Without a user nobody owns it unless told.
  if (owning.length === 0 && call.caller.user) owning.push({ kind: 'user', id: call.caller.user.id })
  for (const owner of owning) addOwner(call.world.directory, call.caller.tenantId, group.id, owner)
  return createdEntity(call, { type: GROUP, item: group, context: 'groups', place: placeOf('Group', group.id) })
}

/** `members@odata.bind` adds up to 20 at once. */
async function update(call: Call): Promise<Answer> {
  const group = groupToWrite(call)
  const { 'members@odata.bind': members = [], ...given } = await readBody(call, changeable, GROUP)
  const found = members.map((link) => memberBehind(call, link))
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  if (Object.keys(changes).length > 0) updateGroup(call.world.directory, call.caller.tenantId, group.id, changes)
  for (const member of found) addOne(call, group.id, member)
  return noContent()
}

function removeOne(call: Call): Answer {
  removeGroup(call.world.directory, call.caller.tenantId, groupToWrite(call).id)
  return noContent()
}

async function addByReference(call: Call): Promise<Answer> {
  const group = groupToWrite(call)
  const member = memberBehind(call, textIn(await call.body(), '@odata.id'))
  addOne(call, group.id, member)
  return noContent()
}

function addOne({ world, caller }: Call, groupId: Guid, member: Member): void {
  if (addMember(world.directory, caller.tenantId, groupId, member) === 'exists')
    throw badRequest(
      "One or more added object references already exist for the following modified properties: 'members'.",
    )
}

function removeByReference(call: Call): Answer {
  const { id } = groupToWrite(call)
  const member = param(call, 'member').toLowerCase()
  if (!removeMember(call.world.directory, call.caller.tenantId, id, member)) throw notFound(member)
  return noContent()
}

function memberBehind(call: Call, link: string): Member {
  const member = objectBehind(call, link)
  if (
    member.kind === 'group' &&
    findGroup(call.world.directory, call.caller.tenantId, call.params.id ?? '')?.groupTypes.includes('Unified')
  )
    throw badRequest('Nesting of groups is not supported in a Microsoft 365 group.')
  return member
}

export const groupWriteRoutes: readonly Route[] = [
  post('groups', NEEDS.createGroups, create),
  patch('groups/{id}', NEEDS.writeGroups, update, { isOwn: isOwnGroup }),
  remove('groups/{id}', NEEDS.deleteGroups, removeOne, { isOwn: isOwnGroup }),
  post('groups/{id}/members/$ref', NEEDS.writeMembers, addByReference, { isOwn: isOwnGroup }),
  remove('groups/{id}/members/{member}/$ref', NEEDS.writeMembers, removeByReference, { isOwn: isOwnGroup }),
]
