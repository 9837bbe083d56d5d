import { badRequest, GraphError } from '#emulator/graph/errors.ts'
import { type Expansion, readExpansions, readSelect, separated } from '#emulator/graph/odata/select-expand.ts'

/** The query options of a request, read but not yet understood. @see https://learn.microsoft.com/graph/query-parameters */
export type Options = {
  select: readonly string[] | null
  top: number | null
  filter: string | null
  orderBy: readonly { path: string; descending: boolean }[]
  search: string | null
  expand: readonly Expansion[]
  count: boolean
  skipToken: string | null
  deltaToken: string | null
  /** Everything as it was sent, names in lower case, tokens of pages left out: what a link has to repeat. */
  repeated: readonly (readonly [name: string, value: string])[]
}

export const DEFAULT_PAGE = 100
const MAX_PAGE = 999
const KNOWN = ['select', 'top', 'filter', 'orderby', 'search', 'expand', 'count', 'skiptoken', 'deltatoken', 'format']

/** @throws GraphError 400 for options that Graph refuses */
export function readOptions(query: string): Options {
  const given = new Map<string, string>()
  const repeated: [string, string][] = []
  for (const [raw, value] of new URLSearchParams(query)) {
    const name = raw.replace(/^\$/, '').toLowerCase()
    if (!raw.startsWith('$') && !KNOWN.includes(name)) continue
    if (name === 'skip') throw badRequest("'$skip' is not supported by the service.")
    if (!KNOWN.includes(name)) throw new GraphError(400, 'BadRequest', `The query parameter '${raw}' is not supported.`)
    if (given.has(name))
      throw new GraphError(
        400,
        'BadRequest',
        `Query option '${raw}' was specified more than once, but it must be specified at most once.`,
      )
    given.set(name, value)
    if (name !== 'skiptoken' && name !== 'deltatoken') repeated.push([`$${name}`, value])
  }
  return {
    select: readSelect(given.get('select')),
    top: readTop(given.get('top')),
    filter: given.get('filter') || null,
    orderBy: separated(given.get('orderby'))?.map(readOrder) ?? [],
    search: given.get('search') || null,
    expand: readExpansions(given.get('expand')),
    count: readCount(given.get('count')),
    skipToken: given.get('skiptoken') ?? null,
    deltaToken: given.get('deltatoken') ?? null,
    repeated,
  }
}

function readTop(text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^-?\d+$/.test(text.trim()))
    throw new GraphError(
      400,
      'BadRequest',
      `Invalid value '${text}' for $top query option found. The $top query option requires a non-negative integer value.`,
    )
  const top = Number(text)
  if (top < 1 || top > MAX_PAGE)
    throw badRequest(`Invalid page size specified: '${text.trim()}'. Must be between 1 and ${MAX_PAGE} inclusive.`)
  return top
}

function readOrder(text: string): { path: string; descending: boolean } {
  const [path = '', direction = 'asc', ...rest] = text.split(/\s+/)
  if (rest.length > 0 || !/^(asc|desc)$/i.test(direction))
    throw new GraphError(400, 'BadRequest', `Syntax error in the $orderby expression '${text}'.`)
  return { path, descending: direction.toLowerCase() === 'desc' }
}

function readCount(text: string | undefined): boolean {
  if (text === undefined) return false
  if (!/^(true|false)$/i.test(text))
    throw new GraphError(
      400,
      'BadRequest',
      `Invalid value '${text}' for $count query option found. Valid values are 'true' or 'false'.`,
    )
  return text.toLowerCase() === 'true'
}
