import type { Items } from '#emulator/directory/user-table.ts'
import { bend } from '#emulator/graph/bent-links.ts'
import type { Answer, Call } from '#emulator/graph/call.ts'
import { root } from '#emulator/graph/call.ts'
import { badRequest, unsupportedQuery } from '#emulator/graph/errors.ts'
import { type EntityType, type Shape, shapeOf, show } from '#emulator/graph/odata/entity.ts'
import { compileFilter } from '#emulator/graph/odata/filter.ts'
import { DEFAULT_PAGE } from '#emulator/graph/odata/options.ts'
import { compileOrder } from '#emulator/graph/odata/order.ts'
import { compileSearch } from '#emulator/graph/odata/search.ts'
import { makeSkipToken, type Place, readSkipToken, turned } from '#emulator/graph/odata/skip-token.ts'

export type Collection<Item> = {
  type: EntityType<Item>
  /** All of them; nothing is copied that does not have to be. */
  items: Items<Item>
  /** What stands behind $metadata#. */
  context: string
  /** The items change with the tenant's version only, so that a filtered list can be kept while its pages are turned. */
  isStable?: true
  /** Asked of every item of the page: whether this replica knows it already. */
  visible?: (item: Item) => boolean
}

/** A page of a collection, and the link to the next. @see https://learn.microsoft.com/graph/paging */
export function collection<Item extends { id: string }>(call: Call, of: Collection<Item>): Answer {
  const shape = shapeOf(of.type, call)
  const { skipToken, top } = call.options
  const place = skipToken === null ? null : readSkipToken(call, skipToken)
  const all = selectItems(call, of)
  const start = place ? startOf(call, all, place) : 0
  const { items: page, end, lastId } = cutPage(call, all, { start, size: top ?? DEFAULT_PAGE })
  const head = {
    '@odata.context': `${root(call)}/$metadata#${of.context}${selection(shape)}`,
    ...(call.options.count && call.eventual ? { '@odata.count': all.length } : {}),
    ...(end < all.length
      ? { '@odata.nextLink': nextLink(call, turned(place, { position: end, lastId, version: call.contents.version })) }
      : {}),
  }
  const known = of.visible ? page.filter(of.visible) : page
  const value = JSON.stringify(known.map((item) => show(of.type, shape, item, call)))
  return { status: 200, body: `${JSON.stringify(head).slice(0, -1)},"value":${value}}` }
}

type Cut<Item> = { items: readonly Item[]; end: number; lastId: string }

/** So many items from `start` on; mischief may leave the page empty, end the list with it, begin it with an item seen before, or turn it round. */
export function cutPage<Item extends { id: string }>(
  { words }: Call,
  all: Items<Item>,
  { start, size }: { start: number; size: number },
): Cut<Item> {
  if (words.includes('graph.page=none')) return { items: [], end: all.length, lastId: '' }
  const end = words.includes('graph.page=empty') ? start : Math.min(all.length, start + size)
  const items = all.slice(words.includes('graph.page=overlapping') ? Math.max(0, start - 1) : start, end)
  return {
    items: words.includes('graph.page=reversed') ? items.reverse() : items,
    end,
    lastId: end > 0 ? (all.at(end - 1)?.id ?? '') : '',
  }
}

/** `…/$count`: a bare number. @throws GraphError 400 without ConsistencyLevel: eventual */
export function countOf<Item extends { id: string }>(call: Call, of: Collection<Item>): Answer {
  if (!call.eventual) throw badRequest('$count is not currently supported.')
  return { status: 200, body: String(selectItems(call, of).length), contentType: 'text/plain' }
}

/** One item. */
export function entity<Item>(
  call: Call,
  { type, item, context, status = 200 }: { type: EntityType<Item>; item: Item; context: string; status?: number },
): Answer {
  const shape = shapeOf(type, call)
  const head = { '@odata.context': `${root(call)}/$metadata#${context}${selection(shape)}/$entity` }
  return { status, body: JSON.stringify({ ...head, ...show(type, shape, item, call) }) }
}

const selection = ({ names, isSelected }: Shape): string => (isSelected ? `(${names.join(',')})` : '')

const KEPT_RESULTS = 100

function selectItems<Item>(call: Call, { type, items, isStable }: Collection<Item>): Items<Item> {
  const { filter, search, orderBy, count } = call.options
  const isAdvanced = call.eventual && (count || search !== null || /\/\$count$/i.test(call.path))
  if (isAdvanced && call.options.expand.length > 0)
    throw unsupportedQuery('$expand is not supported together with advanced query parameters.')
  const tests = [
    ...(filter === null ? [] : [compileFilter(type, filter, call, isAdvanced)]),
    ...(search === null ? [] : [compileSearch(type, search, call)]),
  ]
  const order = compileOrder(type, call, isAdvanced)
  if (tests.length === 0 && order === null) return items
  const { results } = call.state
  const key =
    isStable && !call.isLagging
      ? JSON.stringify([call.state.nameOf(call.contents), call.contents.version, call.path, filter, search, orderBy])
      : null
  const known = key === null ? undefined : results.get(key)
  if (known) return known as readonly Item[]
  const found = items.filter((item) => tests.every((test) => test(item)))
  if (order) found.sort(order)
  if (key !== null) {
    const oldest = results.size >= KEPT_RESULTS ? results.keys().next().value : undefined
    if (oldest !== undefined) results.delete(oldest)
    results.set(key, found)
  }
  return found
}

/**
 * After the last item seen, wherever it stands now. If it is gone, as far back as changes can have moved the rest: to
 * see an item twice does no harm, to miss one does.
 */
export function startOf<Item extends { id: string }>(
  { contents }: Call,
  all: Items<Item>,
  { position, lastId, version }: Place,
): number {
  if (position > 0 && all.at(position - 1)?.id === lastId) return position
  const now = all.findIndex((item) => item.id === lastId)
  return now === -1 ? Math.max(0, position - Math.max(0, contents.version - version)) : now + 1
}

function nextLink(call: Call, place: Place): string {
  const options = call.options.repeated.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  const query = [...options, `$skiptoken=${makeSkipToken(call, place)}`].join('&')
  return bend(call, 'nextLink', `${root(call)}/${call.path.replace(/^\//, '')}?${query}`)
}
