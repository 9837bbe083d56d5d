import type { Directory, Member, TenantContents } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

export type ChangeKind = 'user' | 'group' | 'servicePrincipal'

/** The last that happened to one object, in the order of `sequence`. */
export type Change = {
  kind: ChangeKind
  id: Guid
  sequence: number
  what: 'created' | 'updated' | 'deleted'
  /** Groups only: who came and went. */
  members: Map<Guid, { kind: Member['kind']; sequence: number; removed: boolean }>
}

/** What changed in a tenant since somebody first asked for changes; `epoch` tells journals of different worlds apart. */
export type Journal = { epoch: string; changes: Map<Guid, Change> }

type Happening = {
  kind: ChangeKind
  id: Guid
  what: Change['what']
  member?: { member: Member; removed: boolean }
}

type Listener = (tenantId: Guid, change: Pick<Change, 'kind' | 'id' | 'what'>) => void
const listeners = new WeakMap<Directory, Listener[]>()

/** Calls back after every change of every tenant. */
export function listen(directory: Directory, listener: Listener): void {
  listeners.set(directory, [...(listeners.get(directory) ?? []), listener])
}

/** Counts a change, writes it down where a journal is kept, and tells who listens. */
export function note(directory: Directory, contents: TenantContents, { kind, id, what, member }: Happening): void {
  contents.version += 1
  if (contents.journal) {
    const { changes } = contents.journal
    const known = changes.get(id)
    const members = known && what !== 'created' ? known.members : new Map()
    if (member)
      members.set(member.member.id, {
        kind: member.member.kind,
        sequence: contents.version,
        removed: member.removed,
      })
    changes.delete(id)
    changes.set(id, { kind, id, sequence: contents.version, what, members })
  }
  for (const hear of listeners.get(directory) ?? []) hear(contents.tenant.id, { kind, id, what })
}
