import { allGroupsOf } from '#emulator/directory/groups.ts'
import type { Application, User } from '#emulator/directory/types.ts'
import type { World } from '#emulator/world.ts'

/** Every member holds it, whatever else he is. */
export const MEMBER_ROLE = 'b79fbf4d-3ef9-4689-8143-76b194e85509'
/** So many groups stand in a token; in an address there is room for fewer. */
const MOST = { token: 200, address: 5 }

/**
 * The user’s groups, nested ones included, and directory roles, as far as the registration of the token’s audience wants them. Too many groups
 * become a hint where to ask.
 * @see https://learn.microsoft.com/security/zero-trust/develop/configure-tokens-group-claims-app-roles
 */
export function groupClaims(
  { directory, origins }: World,
  { user, application }: { user: User; application: Application },
  { isInFront }: { isInFront: boolean },
): Record<string, unknown> {
  const wanted = (application.groupMembershipClaims ?? '').split(',').map((word) => word.trim())
  const wids =
    wanted.includes('DirectoryRole') || wanted.includes('All')
      ? { wids: [...user.directoryRoles, ...(user.userType === 'Member' ? [MEMBER_ROLE] : [])] }
      : {}
  if (!wanted.includes('SecurityGroup') && !wanted.includes('All')) return wids
  const mayBeMailed = wanted.includes('All')
  const groups = allGroupsOf(directory, user.tenantId, user.id)
    .filter(({ securityEnabled }) => securityEnabled || mayBeMailed)
    .map(({ id }) => id)
  if (groups.length === 0) return wids
  if (groups.length <= (isInFront ? MOST.address : MOST.token)) return { ...wids, groups }
  if (isInFront) return { ...wids, hasgroups: true }
  const endpoint = `${origins.https}/v1.0/users/${user.id}/getMemberObjects`
  return { ...wids, _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } }
}
