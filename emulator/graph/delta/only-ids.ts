import type { Guid } from '#emulator/directory/types.ts'
import { unsupportedQuery } from '#emulator/graph/errors.ts'
import { type Filter, parseFilter } from '#emulator/graph/odata/filter-syntax.ts'

const MAX_IDS = 50

/** The only filter that delta knows: `id eq 'a' or id eq 'b'`, up to 50 times. @throws GraphError 400 for any other */
export function idsIn(source: string): Guid[] {
  const ids = collect(parseFilter(source))
  if (ids.length > MAX_IDS) throw unsupportedQuery(`At most ${MAX_IDS} objects can be tracked by $filter.`)
  return ids
}

function collect(filter: Filter): Guid[] {
  if (filter.kind === 'or') return [...collect(filter.left), ...collect(filter.right)]
  if (
    filter.kind === 'compare' &&
    filter.operator === 'eq' &&
    filter.path.toLowerCase() === 'id' &&
    typeof filter.value === 'string'
  )
    return [filter.value.toLowerCase()]
  throw unsupportedQuery('Unsupported or invalid query filter clause: delta can be filtered by id only.')
}
