import type { Call } from '#emulator/graph/call.ts'
import { unsupportedQuery } from '#emulator/graph/errors.ts'
import { type EntityType, spell } from '#emulator/graph/odata/entity.ts'

let collator: Intl.Collator | null = null

/** Made when it is first needed: it takes longer to load than all of this room. */
function compareTexts(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { sensitivity: 'base', numeric: false })
  return collator.compare(a, b)
}

/** @throws GraphError 400 where Graph does not sort by that, or not without its header */
export function compileOrder<Item>(
  type: EntityType<Item>,
  call: Call,
  isAdvanced: boolean,
): ((a: Item, b: Item) => number) | null {
  const { orderBy, filter } = call.options
  if (orderBy.length === 0) return null
  if (filter !== null && !isAdvanced) throw unsupportedQuery('Sorting not supported for current query.')
  const keys = orderBy.map(({ path, descending }) => {
    const name = spell(type, path)
    const property = name === null ? undefined : type.properties[name]
    if (!property?.sort || (property.sort === 'advanced' && !isAdvanced))
      throw unsupportedQuery(`Sorting by '${path}' is not supported for current query.`)
    return { read: (item: Item) => property.read(item, call), factor: descending ? -1 : 1 }
  })
  return (a, b) => {
    for (const { read, factor } of keys) {
      const order = compare(read(a), read(b)) * factor
      if (order !== 0) return order
    }
    return 0
  }
}

/** What is missing comes first. */
function compare(a: unknown, b: unknown): number {
  if (a === null || a === undefined || b === null || b === undefined)
    return Number(b === null || b === undefined) - Number(a === null || a === undefined)
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  return Number(a) - Number(b)
}
