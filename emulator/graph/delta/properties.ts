import type { Change } from '#emulator/directory/journal.ts'
import type { Call } from '#emulator/graph/call.ts'
import type { Followed } from '#emulator/graph/delta/followed.ts'

/**
 * Which of these properties differ from what they were at `since`. All of them, where the object is new to the client or
 * the journal has no picture of it.
 */
export function namesChanged<Item extends { id: string }>(
  call: Call,
  of: Followed<Item>,
  { change, since, names, item }: { change: Change; since: number; names: readonly string[]; item: Item },
): ReadonlySet<string> {
  const writes = change.history.filter(({ sequence }) => sequence > since)
  const [first] = writes
  if (!first) return new Set()
  if (first.before === null || writes.some(({ before }) => before === null)) return new Set(names)
  const before = of.wrap(change.kind, first.before)
  return new Set(
    names.filter((name) => {
      const property = of.type.properties[name]
      return property && JSON.stringify(property.read(before, call)) !== JSON.stringify(property.read(item, call))
    }),
  )
}
