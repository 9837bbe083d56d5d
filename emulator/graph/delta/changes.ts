import { randomUUID } from 'node:crypto'
import type { Change, ChangeKind, Journal } from '#emulator/directory/journal.ts'
import type { TenantContents } from '#emulator/directory/open.ts'

/** The tenant's journal, which begins with the first question for changes. */
export function journalOf(contents: TenantContents): Journal {
  contents.journal ??= { epoch: randomUUID(), changes: new Map() }
  return contents.journal
}

/** What happened to objects of these kinds after `since`, oldest first. */
export function* changesSince(
  { journal }: TenantContents,
  kinds: readonly ChangeKind[],
  since: number,
): Iterable<Change> {
  for (const change of journal?.changes.values() ?? [])
    if (kinds.includes(change.kind) && change.sequence > since) yield change
}

/** The first that happened to an object after `since`: an object has one place in the journal, that of the last. */
export const firstAfter = (since: number, change: Change): number =>
  Math.min(
    change.sequence,
    ...[...change.history, ...change.members.values()]
      .map(({ sequence }) => sequence)
      .filter((sequence) => sequence > since),
  )
