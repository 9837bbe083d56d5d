import type { Group } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { denied } from '#emulator/graph/errors.ts'
import { holds } from '#emulator/graph/permissions.ts'

/** Whose members are hidden shows them to Member.Read.Hidden and to its own members only. */
export const mayReadMembers = ({ caller, contents }: Call, { id, visibility }: Group): boolean =>
  visibility !== 'HiddenMembership' ||
  holds(caller, 'Member.Read.Hidden') ||
  (caller.user !== null && contents.members.get(id)?.has(caller.user.id) === true)

/** @throws GraphError 403 @see https://learn.microsoft.com/graph/permissions-reference#memberreadhidden */
export function checkHiddenMembership(call: Call, group: Group): void {
  if (!mayReadMembers(call, group)) throw denied()
}
