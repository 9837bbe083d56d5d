import { addOwner, isOwner } from '#emulator/directory/owners.ts'
import type { Application, Guid, ServicePrincipal } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import type { Caller } from '#emulator/graph/caller.ts'
import { denied } from '#emulator/graph/errors.ts'
import { holds, isApplicationAdministrator } from '#emulator/graph/permissions.ts'

const idOf = ({ user, servicePrincipal }: Caller): Guid => (user ?? servicePrincipal).id

/**
 * With Application.ReadWrite.OwnedBy an application changes what it owns, and that is itself only if it is its own owner;
 * a user changes what he owns, or everything as an administrator of applications.
 * @throws GraphError 403
 * @see https://learn.microsoft.com/graph/permissions-reference#applicationreadwriteownedby
 */
export function checkOwner({ world, caller }: Call, { id }: Application | ServicePrincipal): void {
  const mayAll = caller.user
    ? isApplicationAdministrator(caller.user)
    : holds(caller, 'Application.ReadWrite.All', 'Directory.ReadWrite.All')
  if (!mayAll && !isOwner(world.directory, caller.tenantId, id, idOf(caller))) throw denied()
}

/** Whoever makes an application or a service principal owns it. */
export function ownNew({ world, caller }: Call, { id }: Application | ServicePrincipal): void {
  const kind = caller.user ? 'user' : 'servicePrincipal'
  addOwner(world.directory, caller.tenantId, id, { kind, id: idOf(caller) })
}

/** Owners run their groups themselves. @see https://learn.microsoft.com/graph/api/group-post-members#permissions */
export const isOwnGroup = ({ world, caller, params }: Call): boolean =>
  caller.user !== null && isOwner(world.directory, caller.tenantId, (params.id ?? '').toLowerCase(), caller.user.id)
