import type { Change } from '#emulator/directory/journal.ts'
import type { Member } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

export type MemberChange = { '@odata.type': string; id: Guid; '@removed'?: { reason: 'deleted' } }

/** No more in one object; what is larger comes as the same object several times. */
const MAX_MEMBERS = 200

export const allMembers = (members: Iterable<Member>): MemberChange[] =>
  [...members].map(({ id, kind }) => ({ '@odata.type': `#microsoft.graph.${kind}`, id }))

/** Who came and went after that. */
export const membersSince = ({ members }: Change, since: number): MemberChange[] =>
  [...members]
    .filter(([, { sequence }]) => sequence > since)
    .map(([id, { kind, removed }]) => ({
      '@odata.type': `#microsoft.graph.${kind}`,
      id,
      ...(removed ? { '@removed': { reason: 'deleted' as const } } : {}),
    }))

/** The object with its members, as often as their number asks for. */
export function withMembers(object: object, members: readonly MemberChange[]): object[] {
  if (members.length === 0) return [object]
  const parts = Array.from({ length: Math.ceil(members.length / MAX_MEMBERS) }, (_, part) =>
    members.slice(part * MAX_MEMBERS, (part + 1) * MAX_MEMBERS),
  )
  return parts.map((some) => ({ ...object, 'members@delta': some }))
}
