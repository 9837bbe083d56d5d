import type { Directory, Member, TenantContents } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'

export type ChangeKind = 'user' | 'group' | 'servicePrincipal' | 'application' | 'directoryRole' | 'permissionGrant'

type What = 'created' | 'updated' | 'deleted'

/** What happened to one object, the last of it at `sequence`. */
export type Change = {
  kind: ChangeKind
  id: string
  sequence: number
  what: What
  /** As it was before each of its writes, oldest first: objects are replaced, never changed. Null: it was not there. */
  history: { sequence: number; before: object | null }[]
  /** Groups and directory roles only: who came and went. */
  members: Map<Guid, { kind: Member['kind']; sequence: number; removed: boolean }>
}

/** What changed in a tenant since somebody first asked for changes; `epoch` tells journals of different worlds apart. */
export type Journal = { epoch: string; changes: Map<string, Change> }

export type Happening = {
  kind: ChangeKind | 'appRoleAssignment'
  id: string
  what: What
  /** The object as it was; null or absent: it was not there, or has no picture of its own. */
  before?: object | null
  /** Who came or went; the object itself did not change. */
  member?: { member: Member; removed: boolean }
}

type Listener = (tenantId: Guid, happening: Happening) => void
const listeners = new WeakMap<Directory, Listener[]>()

/** Calls back after every change of every tenant. */
export function listen(directory: Directory, listener: Listener): void {
  listeners.set(directory, [...(listeners.get(directory) ?? []), listener])
}

/** Counts a change, writes it down where a journal is kept, and tells who listens. */
export function note(
  directory: Directory,
  contents: TenantContents,
  happening: Happening & { kind: ChangeKind },
): void {
  contents.version += 1
  if (contents.journal) writeDown(contents.journal, contents.version, happening)
  tell(directory, contents.tenant.id, happening)
}

/** For what no list shows and no delta follows. */
export function tell(directory: Directory, tenantId: Guid, happening: Happening): void {
  for (const hear of listeners.get(directory) ?? []) hear(tenantId, happening)
}

function writeDown(
  { changes }: Journal,
  sequence: number,
  { kind, id, what, before, member }: Happening & { kind: ChangeKind },
): void {
  const known = changes.get(id)
  const members = known && what !== 'created' ? known.members : new Map()
  if (member) members.set(member.member.id, { kind: member.member.kind, sequence, removed: member.removed })
  const history = [...(known?.history ?? []), ...(member ? [] : [{ sequence, before: before ?? null }])]
  changes.delete(id)
  changes.set(id, { kind, id, sequence, what, history, members })
}
