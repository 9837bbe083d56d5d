import type { Call } from '#emulator/graph/call.ts'
import { denied, GraphError, notEmulated } from '#emulator/graph/errors.ts'

/** One property of a type: how it is read, and what queries may do with it. */
export type Property<Item> = {
  /** undefined: this item has no such property. */
  read: (item: Item, call: Call) => unknown
  /** `advanced`: with ConsistencyLevel: eventual and $count only. Absent: never. */
  filter?: 'default' | 'advanced'
  /** Of the type Edm.Guid: stands in a filter without quotes. */
  isGuid?: true
  /** endsWith is understood. */
  ends?: true
  sort?: 'default' | 'advanced'
  search?: true
  /** Comes without $select. */
  shown?: true
  /** Visible with User.ReadBasic.All too. */
  basic?: true
  /** Selecting it needs one of these permissions besides. */
  needs?: readonly string[]
  /** Selecting it needs a tenant with Microsoft Entra ID P1. */
  isPremium?: true
}

/** A type of Graph's: its properties as a table. */
export type EntityType<Item> = {
  /** As in microsoft.graph.user. */
  name: string
  properties: Readonly<Record<string, Property<Item>>>
  /** Properties that Graph fetches from other services than the directory, which are not emulated. */
  elsewhere?: readonly string[]
  /** Of collections that mix types: what stands in @odata.type. */
  typeOf?: (item: Item) => string
  /** What a caller with few permissions does not see is null, save for id. */
  hides?: (item: Item, call: Call) => 'nothing' | 'all but basic' | 'all'
  /** What $expand can bring along; the call's $select is that of the brackets. */
  expand?: Readonly<Record<string, (item: Item, call: Call) => Record<string, unknown>[]>>
}

/** Graph brings no more, and says nothing of the rest. */
export const MAX_EXPANDED = 20

/** The properties that an answer shows, in the type's own spelling. */
export type Shape = { names: readonly string[]; isSelected: boolean }

const spellings = new WeakMap<object, Map<string, string>>()

/** The property as the type spells it. */
export function spell<Item>({ properties }: EntityType<Item>, name: string): string | null {
  let known = spellings.get(properties)
  if (!known) {
    known = new Map(Object.keys(properties).map((spelling) => [spelling.toLowerCase(), spelling]))
    spellings.set(properties, known)
  }
  return known.get(name.toLowerCase()) ?? null
}

/** @throws GraphError 400 for a property that does not exist, 403 for one that this caller may not select, 501 for what is not emulated */
export function shapeOf<Item>(type: EntityType<Item>, call: Call): Shape {
  for (const { name } of call.options.expand) checkExpansion(type, name, call)
  const wanted = call.options.select
  if (wanted === null || wanted.includes('*'))
    return { names: Object.keys(type.properties).filter((name) => type.properties[name]?.shown), isSelected: false }
  const names = wanted.map((name) => {
    const spelling = spell(type, name)
    if (spelling === null) throw unknown(type, name, call)
    checkConditions(type.properties[spelling], call)
    return spelling
  })
  return { names: [...new Set(names)], isSelected: true }
}

function unknown<Item>({ name: type, elsewhere = [] }: EntityType<Item>, name: string, call: Call): GraphError {
  const isElsewhere = elsewhere.some((known) => known.toLowerCase() === name.toLowerCase())
  return isElsewhere ? notEmulated(call.method, `${call.path} with $select=${name}`) : noProperty(name, type)
}

/** Graph's relationships are more than are here: a name that is no property may be one of them. */
function checkExpansion<Item>(type: EntityType<Item>, name: string, call: Call): void {
  if (relationship(type, name)) return
  if (spell(type, name) !== null) throw noProperty(name, type.name)
  throw notEmulated(call.method, `${call.path} with $expand=${name}`)
}

const relationship = <Item>({ expand = {} }: EntityType<Item>, name: string) =>
  Object.entries(expand).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1]

/** Some properties ask for more than reading the object does. */
function checkConditions<Item>({ needs, isPremium }: Property<Item> = { read: () => null }, call: Call): void {
  if (needs && !call.caller.permissions.some((held) => needs.includes(held))) throw denied()
  if (isPremium && !call.contents.tenant.premium)
    throw new GraphError(
      403,
      'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
      'Neither tenant is B2C or tenant doesn’t have premium license',
    )
}

export const noProperty = (name: string, type: string): GraphError =>
  new GraphError(
    400,
    'BadRequest',
    `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`,
  )

/** One item as JSON shows it. */
export function show<Item>(type: EntityType<Item>, shape: Shape, item: Item, call: Call): Record<string, unknown> {
  const shown: Record<string, unknown> = type.typeOf ? { '@odata.type': type.typeOf(item) } : {}
  const hidden = type.hides?.(item, call) ?? 'nothing'
  for (const name of shape.names) {
    const property = type.properties[name]
    if (!property) continue
    const visible = hidden === 'nothing' || name === 'id' || (hidden === 'all but basic' && property.basic)
    const value = property.read(item, call)
    if (value !== undefined) shown[name] = visible ? value : null
  }
  for (const { name, select } of call.options.expand)
    shown[name] = expanded(type, name, item, { ...call, options: { ...call.options, select, expand: [] } })
  return shown
}

function expanded<Item>(type: EntityType<Item>, name: string, item: Item, call: Call): unknown[] {
  return relationship(type, name)?.(item, call).slice(0, MAX_EXPANDED) ?? []
}
