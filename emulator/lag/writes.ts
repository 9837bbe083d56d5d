import type { Happening } from '#emulator/directory/journal.ts'
import type { Member } from '#emulator/directory/open.ts'
import type { Guid } from '#emulator/directory/types.ts'
import type { Replicas } from '#emulator/lag/replicas.ts'
import type { LagKind, LagSettings } from '#emulator/lag/settings.ts'

type Seen = { id: Guid; userPrincipalName?: string }

/** A write of users, groups or members that replicas may not have heard of. */
type Write = {
  kind: LagKind
  /** Tells this write of the object from the one before. */
  name: string
  tenantId: Guid
  id: Guid
  /** The object as it was; null: it was not there. */
  before: Seen | null
  /** Of members: who came (false) or went (true). */
  moved: Map<Guid, { member: Member; removed: boolean }>
}

const KINDS = { user: 'userReads', group: 'groupReads' } as const

/** What a replica shows that is behind: the object as it was before the write. */
export type LateWrites = {
  hear(tenantId: Guid, happening: Happening): void
  /** One object, by id or user principal name, as the replica that is asked knows it. */
  seen<Item extends Seen>(
    kind: keyof typeof KINDS,
    sought: { tenantId: Guid; key: string; now: Item | null },
  ): Item | null
  /** All of a kind; the list itself while nothing lags. */
  seenAll<Item extends Seen, List extends { filter(test: (item: Item) => boolean): Item[] }>(
    kind: keyof typeof KINDS,
    tenantId: Guid,
    now: List,
  ): List | Item[]
  seenMembers(tenantId: Guid, groupId: Guid, now: readonly Member[]): readonly Member[]
  /** Whether changes to the object are missing from delta. */
  hidesChange(tenantId: Guid, id: Guid): boolean
  /** Whether reads of the tenant may differ from one to the next, though nothing is written. */
  isLagging(tenantId: Guid): boolean
}

export function openLateWrites(settings: LagSettings, replicas: Replicas): LateWrites {
  const writes = new Map<string, Write>()
  let last = 0
  const keyOf = (kind: LagKind, tenantId: Guid, id: Guid) => `${kind} ${tenantId} ${id}`

  const remember = (kind: LagKind, tenantId: Guid, { id, before, member }: Happening) => {
    if (settings[kind] === 0) return
    const known = writes.get(keyOf(kind, tenantId, id))
    const moved = known?.moved ?? new Map<Guid, { member: Member; removed: boolean }>()
    if (member && !moved.has(member.member.id)) moved.set(member.member.id, member)
    last += 1
    writes.set(keyOf(kind, tenantId, id), {
      kind,
      name: String(last),
      tenantId,
      id,
      before: known ? known.before : ((before as Seen | null | undefined) ?? null),
      moved,
    })
  }
  /** Asks once, and forgets the write when everybody has heard of it. */
  const isBehind = (write: Write): boolean => {
    const count = { kind: write.kind, write: write.name }
    const behind = replicas.isBehind(count)
    if (replicas.isThrough(count)) writes.delete(keyOf(write.kind, write.tenantId, write.id))
    return behind
  }
  const ofTenant = (kind: LagKind, tenantId: Guid) =>
    [...writes.values()].filter((write) => write.kind === kind && write.tenantId === tenantId)

  return {
    hear(tenantId, happening) {
      if (happening.member && happening.kind === 'group') remember('memberReads', tenantId, happening)
      else if (happening.kind === 'user' || happening.kind === 'group')
        remember(KINDS[happening.kind], tenantId, happening)
      if (happening.kind !== 'appRoleAssignment') remember('deltaReads', tenantId, happening)
    },
    seen(kind, { tenantId, key, now }) {
      if (writes.size === 0) return now
      const write = ofTenant(KINDS[kind], tenantId).find(
        ({ id, before }) => id === now?.id || id === key || before?.userPrincipalName?.toLowerCase() === key,
      )
      return write && isBehind(write) ? (write.before as typeof now) : now
    },
    seenAll(kind, tenantId, now) {
      const late = ofTenant(KINDS[kind], tenantId).filter(isBehind)
      if (late.length === 0) return now
      const old = late.flatMap(({ before }) => (before ? [before] : []))
      const ids = new Set(late.map(({ id }) => id))
      return [...now.filter(({ id }) => !ids.has(id)), ...old] as ReturnType<typeof now.filter>
    },
    seenMembers(tenantId, groupId, now) {
      const write = writes.get(keyOf('memberReads', tenantId, groupId))
      if (!write || !isBehind(write)) return now
      const gone = [...write.moved.values()].filter(({ removed }) => removed).map(({ member }) => member)
      return [...now.filter(({ id }) => !write.moved.has(id)), ...gone]
    },
    hidesChange(tenantId, id) {
      const write = writes.get(keyOf('deltaReads', tenantId, id))
      return write !== undefined && isBehind(write)
    },
    isLagging: (tenantId) =>
      [...writes.values()].some((write) => write.tenantId === tenantId && write.kind !== 'deltaReads'),
  }
}
