import type { Change } from '#emulator/directory/journal.ts'
import type { TenantContents } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

type MemberChange = { '@odata.type': string; id: Guid; '@removed'?: { reason: 'deleted' } }

export const currentMembers = ({ members }: TenantContents, groupId: Guid): MemberChange[] =>
  [...(members.get(groupId)?.values() ?? [])].map(({ id, kind }) => ({ '@odata.type': `#microsoft.graph.${kind}`, id }))

/** Who came and went after that. */
export const membersSince = ({ members }: Change, since: number): MemberChange[] =>
  [...members]
    .filter(([, { sequence }]) => sequence > since)
    .map(([id, { kind, removed }]) => ({
      '@odata.type': `#microsoft.graph.${kind}`,
      id,
      ...(removed ? { '@removed': { reason: 'deleted' as const } } : {}),
    }))
