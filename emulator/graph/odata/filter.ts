import type { Call } from '#emulator/graph/call.ts'
import { unsupportedQuery } from '#emulator/graph/errors.ts'
import { type EntityType, type Property, spell } from '#emulator/graph/odata/entity.ts'
import {
  type Comparison,
  type Filter,
  incompatible,
  type Literal,
  parseFilter,
  type TextFunction,
} from '#emulator/graph/odata/filter-syntax.ts'

export type Test<Item> = (item: Item) => boolean

/**
 * What a $filter lets through.
 * @throws GraphError 400 when the syntax is wrong, the property cannot be filtered by, or the query is an advanced one
 *   without its header and $count
 * @see https://learn.microsoft.com/graph/aad-advanced-queries
 */
export function compileFilter<Item>(
  type: EntityType<Item>,
  source: string,
  call: Call,
  isAdvanced: boolean,
): Test<Item> {
  const filter = parseFilter(source)
  if (!isAdvanced) checkAlternatives(filter)
  return compile(filter, { type, call, isAdvanced })
}

const MAX_ALTERNATIVES = 15

/** The directory looks for so many things at once, the index behind advanced queries for more. @see https://learn.microsoft.com/graph/filter-query-parameter */
function checkAlternatives(filter: Filter): void {
  if (filter.kind === 'and') for (const side of [filter.left, filter.right]) checkAlternatives(side)
  if (filter.kind === 'not') checkAlternatives(filter.of)
  const alternatives = alternativesOf(filter)
  if (alternatives > MAX_ALTERNATIVES)
    throw unsupportedQuery(
      `Too many child clauses specified in search filter expression containing 'OR' operators: ${alternatives}. Max allowed: ${MAX_ALTERNATIVES}.`,
    )
}

function alternativesOf(filter: Filter): number {
  if (filter.kind === 'or') return alternativesOf(filter.left) + alternativesOf(filter.right)
  return filter.kind === 'in' ? filter.values.length : 1
}

const COUNT = '/$count'

type Context<Item> = { type: EntityType<Item>; call: Call; isAdvanced: boolean }

function compile<Item>(filter: Filter, context: Context<Item>): Test<Item> {
  switch (filter.kind) {
    case 'and': {
      const [left, right] = [compile(filter.left, context), compile(filter.right, context)]
      return (item) => left(item) && right(item)
    }
    case 'or': {
      const [left, right] = [compile(filter.left, context), compile(filter.right, context)]
      return (item) => left(item) || right(item)
    }
    case 'not': {
      needAdvanced(context, 'not')
      const of = compile(filter.of, context)
      return (item) => !of(item)
    }
    case 'compare': {
      if (filter.operator === 'ne') needAdvanced(context, 'ne')
      const test = comparison(filter.operator, filter.value)
      if (filter.path.endsWith(COUNT)) {
        needAdvanced(context, '$count')
        const read = reader(filter.path.slice(0, -COUNT.length), context)
        return (item) => test(listOf(read(item)).length)
      }
      checkGuids(filter.path, [filter.value], context, filter.operator)
      const read = reader(filter.path, context)
      return (item) => test(read(item))
    }
    case 'in': {
      checkGuids(filter.path, filter.values, context, 'eq')
      const read = reader(filter.path, context)
      const tests = filter.values.map((value) => comparison('eq', value))
      return (item) => {
        const value = read(item)
        return tests.some((test) => test(value))
      }
    }
    case 'text': {
      const read = reader(filter.path, context, filter.name)
      const test = textTest(filter.name, filter.value)
      return (item) => test(read(item))
    }
    case 'any': {
      const read = reader(filter.path, context)
      const { of, variable } = filter
      if (of === null) return (item) => listOf(read(item)).length > 0
      const test = compileElement(of, variable)
      return (item) => listOf(read(item)).some(test)
    }
  }
}

/** The condition inside any(): about the element itself or one of its properties. */
function compileElement(filter: Filter, variable: string): Test<unknown> {
  const read = (path: string) => {
    const steps = path.split('/').slice(path === variable || path.startsWith(`${variable}/`) ? 1 : 0)
    return (element: unknown) => steps.reduce(step, element)
  }
  if (filter.kind === 'compare' && filter.path === variable && isBareGuid(filter.value))
    throw incompatible('Edm.String', 'Edm.Guid', filter.operator)
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const [left, right] = [compileElement(filter.left, variable), compileElement(filter.right, variable)]
      return filter.kind === 'and'
        ? (element) => left(element) && right(element)
        : (element) => left(element) || right(element)
    }
    case 'compare': {
      const test = comparison(filter.operator, filter.value)
      const value = read(filter.path)
      return (element) => test(value(element))
    }
    case 'in': {
      const tests = filter.values.map((value) => comparison('eq', value))
      const value = read(filter.path)
      return (element) => tests.some((test) => test(value(element)))
    }
    case 'text': {
      const test = textTest(filter.name, filter.value)
      const value = read(filter.path)
      return (element) => test(value(element))
    }
    case 'not':
    case 'any':
      throw unsupportedQuery('Unsupported Query.')
  }
}

function reader<Item>(
  path: string,
  { type, call, isAdvanced }: Context<Item>,
  text?: TextFunction,
): (item: Item) => unknown {
  const [first = '', ...rest] = path.split('/')
  const name = spell(type, first)
  const property: Property<Item> | undefined = name === null ? undefined : type.properties[name]
  const kind = type.name.charAt(0).toUpperCase() + type.name.slice(1)
  if (!property)
    throw unsupportedQuery(`Could not find a property named '${first}' on type 'microsoft.graph.${type.name}'.`)
  // Graph does not tell what it never filters by from what it filters by with the header only.
  // See https://github.com/microsoftgraph/microsoft-graph-docs/issues/18795
  const isUsable = property.filter === 'default' || (property.filter === 'advanced' && isAdvanced)
  if (!isUsable || text === 'contains' || (text === 'endswith' && !property.ends))
    throw unsupportedQuery(
      `Unsupported or invalid query filter clause specified for property '${name}' of resource '${kind}'.`,
    )
  if (!isAdvanced && text === 'endswith') throw missingHeader('endsWith')
  return (item) => rest.reduce(step, property.read(item, call))
}

/** Ids are texts, and stand in quotes, but for a few that are kept as what they are. */
function checkGuids<Item>(
  path: string,
  values: readonly Literal[],
  { type }: Context<Item>,
  operator: Comparison,
): void {
  const isGuid = type.properties[spell(type, path) ?? '']?.isGuid === true
  if (!isGuid && values.some(isBareGuid)) throw incompatible('Edm.String', 'Edm.Guid', operator)
}

const isBareGuid = (value: Literal): value is { guid: string } => typeof value === 'object' && value !== null

function needAdvanced<Item>({ isAdvanced }: Context<Item>, operator: string): void {
  if (!isAdvanced) throw missingHeader(operator)
}

const missingHeader = (operator: string) =>
  unsupportedQuery(
    `Operator '${operator}' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information.`,
  )

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

const step = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
    : undefined

/** Texts are compared without regard to case, as the directory does. */
function comparison(operator: Comparison, literal: Literal): Test<unknown> {
  const wanted = isBareGuid(literal) ? literal.guid : literal
  const folded = fold(wanted)
  const foldLike = (value: unknown) => {
    checkTypes(value, wanted, operator)
    return fold(value ?? null)
  }
  if (operator === 'eq') return (value) => foldLike(value) === folded
  if (operator === 'ne') return (value) => foldLike(value) !== folded
  return (value) => {
    const found = foldLike(value)
    if (found === null || folded === null || typeof found !== typeof folded) return false
    return ORDERED[operator](found, folded)
  }
}

const TYPES: Readonly<Record<string, string>> = { string: 'Edm.String', boolean: 'Edm.Boolean', number: 'Edm.Int32' }

/** @throws GraphError 400 where a text is compared with what is none */
function checkTypes(value: unknown, wanted: string | number | boolean | null, operator: Comparison): void {
  const [found, asked] = [TYPES[typeof value], TYPES[typeof wanted]]
  if (found && asked && found !== asked) throw incompatible(found, asked, operator)
}

type Ordered = string | number | boolean
const ORDERED: Readonly<Record<Exclude<Comparison, 'eq' | 'ne'>, (a: Ordered, b: Ordered) => boolean>> = {
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
}

const DATE = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/
function fold(value: unknown): string | number | boolean | null {
  if (typeof value === 'string') return DATE.test(value) ? Date.parse(value) : value.toLowerCase()
  return typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function textTest(name: TextFunction, wanted: string): Test<unknown> {
  const text = wanted.toLowerCase()
  return (value) => {
    if (typeof value !== 'string') return false
    const found = value.toLowerCase()
    return name === 'startswith'
      ? found.startsWith(text)
      : name === 'endswith'
        ? found.endsWith(text)
        : found.includes(text)
  }
}
