import type { ChangeKind } from '#emulator/directory/journal.ts'
import { unsupportedQuery } from '#emulator/graph/errors.ts'
import { type Filter, parseFilter } from '#emulator/graph/odata/filter-syntax.ts'

const MAX_IDS = 50
const TYPE = /^isof\('microsoft\.graph\.(\w+)'\)$/i

/** What a client wants to hear of: these objects, and of directoryObjects these types; null: all. */
export type Tracked = { ids: readonly string[] | null; kinds: readonly ChangeKind[] | null }

/**
 * The only filters that delta knows: `id eq 'a' or id eq 'b'`, up to 50 times, and where types are mixed
 * `isof('microsoft.graph.user')` besides.
 * @param kinds the types that there are to choose from
 * @throws GraphError 400 for any other
 */
export function trackedBy(source: string | null, kinds: readonly ChangeKind[]): Tracked {
  if (source === null) return { ids: null, kinds: null }
  const parts = source.trim().split(/\s+or\s+/i)
  const types = parts.flatMap((part) => TYPE.exec(part)?.[1]?.toLowerCase() ?? [])
  const chosen = types.map((type) => kinds.find((kind) => kinds.length > 1 && kind.toLowerCase() === type))
  if (chosen.includes(undefined))
    throw unsupportedQuery('Unsupported or invalid query filter clause: delta cannot be filtered by that type here.')
  const rest = parts.filter((part) => !TYPE.test(part)).join(' or ')
  const ids = rest === '' ? [] : idsIn(parseFilter(rest))
  if (ids.length > MAX_IDS) throw unsupportedQuery(`At most ${MAX_IDS} objects can be tracked by $filter.`)
  return {
    ids: ids.length > 0 ? ids : null,
    kinds: chosen.length > 0 ? chosen.filter((kind) => kind !== undefined) : null,
  }
}

function idsIn(filter: Filter): string[] {
  if (filter.kind === 'or') return [...idsIn(filter.left), ...idsIn(filter.right)]
  if (
    filter.kind === 'compare' &&
    filter.operator === 'eq' &&
    filter.path.toLowerCase() === 'id' &&
    typeof filter.value === 'string'
  )
    return [filter.value.toLowerCase()]
  throw unsupportedQuery('Unsupported or invalid query filter clause: delta can be filtered by id only.')
}

export const isTracked = ({ ids, kinds }: Tracked, { id, kind }: { id: string; kind: ChangeKind }): boolean =>
  (ids === null || ids.includes(id.toLowerCase())) && (kinds === null || kinds.includes(kind))
