import { type GeneratedUsers, openGeneratedUsers, type Recipe } from '#emulator/directory/generated-users.ts'
import type { Guid, User } from '#emulator/directory/types.ts'

/** What pages are cut from: an array, or something that makes its items only when they are looked at. */
export type Items<Item> = {
  readonly length: number
  at(index: number): Item | undefined
  slice(start?: number, end?: number): Item[]
  filter(test: (item: Item) => boolean): Item[]
  findIndex(test: (item: Item) => boolean): number
}

/** The users of one tenant, in the order in which they came. As a Map, but generated users are made when they are asked for. */
export type UserTable = Items<User> & {
  readonly size: number
  get(id: Guid): User | undefined
  has(id: Guid): boolean
  /** By user principal name, in any case. */
  idOf(name: string): Guid | undefined
  set(id: Guid, user: User): void
  delete(id: Guid): boolean
  values(): Iterable<User>
  keys(): Iterable<Guid>
  /** All but those who are as they were generated: whoever can sign in is among them. */
  named(): Iterable<User>
  /** Adds generated users behind those that are there. Once. */
  generate(recipe: Recipe): void
  /** Users are replaced, never changed, so both can share them. */
  copy(): UserTable
}

type Parts = {
  /** Those who came before the generated ones. */
  before: Map<Guid, User>
  generated: GeneratedUsers
  /** Generated users who are not any more as they were generated; null: deleted. */
  changed: Map<number, User | null>
  after: Map<Guid, User>
  /** Of everybody but the unchanged generated. */
  names: Map<string, Guid>
}

const NOBODY = openGeneratedUsers({
  count: 0,
  domain: '',
  nameOf: () => '',
  idOf: () => '',
  make: () => {
    throw new Error('Nobody was generated.')
  },
  taken: new Set(),
})

export const openUserTable = (): UserTable =>
  tableOf({ before: new Map(), generated: NOBODY, changed: new Map(), after: new Map(), names: new Map() })

function tableOf(parts: Parts): UserTable {
  const { before, changed, after, names } = parts
  let kept: { before: User[]; alive: Uint32Array | null; after: User[] } | null = null

  const generatedAt = (number: number) => changed.get(number) ?? parts.generated.at(number)
  const numberOf = (id: Guid): number => {
    const number = parts.generated.find(id)
    return number === -1 || changed.get(number) === null ? -1 : number
  }
  const get = (id: Guid): User | undefined => {
    const own = before.get(id) ?? after.get(id)
    if (own) return own
    const number = numberOf(id)
    return number === -1 ? undefined : generatedAt(number)
  }
  /** Positions, found anew only after a change. */
  const places = () => {
    kept ??= { before: [...before.values()], alive: aliveOf(parts), after: [...after.values()] }
    return kept
  }
  const sizeOfGenerated = () => places().alive?.length ?? parts.generated.count
  const size = () => before.size + sizeOfGenerated() + after.size
  const at = (index: number): User | undefined => {
    const { alive, ...own } = places()
    const place = index < 0 ? size() + index : index
    if (place < own.before.length) return own.before[place]
    const number = place - own.before.length
    if (number < sizeOfGenerated()) return generatedAt(alive ? (alive[number] ?? 0) : number)
    return own.after[number - sizeOfGenerated()]
  }
  function* values(): Iterable<User> {
    for (let index = 0; index < size(); index++) yield at(index) as User
  }
  return {
    get size() {
      return size()
    },
    get length() {
      return size()
    },
    get,
    has: (id) => before.has(id) || after.has(id) || numberOf(id) !== -1,
    idOf(name) {
      const key = name.toLowerCase()
      const own = names.get(key)
      if (own !== undefined) return own
      const number = parts.generated.findName(key)
      return number === -1 || changed.has(number) ? undefined : parts.generated.idAt(number)
    },
    set(id, user) {
      const known = get(id)
      if (known) names.delete(known.userPrincipalName.toLowerCase())
      names.set(user.userPrincipalName.toLowerCase(), id)
      const number = before.has(id) || after.has(id) ? -1 : numberOf(id)
      if (number !== -1) changed.set(number, user)
      else if (before.has(id) || parts.generated.count === 0) before.set(id, user)
      else after.set(id, user)
      kept = null
    },
    delete(id) {
      const known = get(id)
      if (!known) return false
      names.delete(known.userPrincipalName.toLowerCase())
      if (!before.delete(id) && !after.delete(id)) changed.set(numberOf(id), null)
      kept = null
      return true
    },
    at,
    slice: (start = 0, end = size()) => [...between(at, start, Math.min(end, size()))],
    filter(test) {
      const found: User[] = []
      for (const user of values()) if (test(user)) found.push(user)
      return found
    },
    findIndex(test) {
      let index = 0
      for (const user of values()) {
        if (test(user)) return index
        index += 1
      }
      return -1
    },
    values,
    *keys() {
      const { alive, ...own } = places()
      for (const { id } of own.before) yield id
      for (let index = 0; index < sizeOfGenerated(); index++)
        yield parts.generated.idAt(alive ? (alive[index] ?? 0) : index)
      for (const { id } of own.after) yield id
    },
    *named() {
      yield* before.values()
      for (const user of changed.values()) if (user) yield user
      yield* after.values()
    },
    generate(recipe) {
      if (parts.generated.count > 0) throw new Error('A tenant’s users are generated once.')
      parts.generated = openGeneratedUsers(recipe)
      kept = null
    },
    copy: () =>
      tableOf({
        before: new Map(before),
        generated: parts.generated,
        changed: new Map(changed),
        after: new Map(after),
        names: new Map(names),
      }),
  }
}

function* between(at: (index: number) => User | undefined, start: number, end: number): Iterable<User> {
  for (let index = start; index < end; index++) yield at(index) as User
}

/** The numbers of the generated users who are still there; null while all are. */
function aliveOf({ generated, changed }: Parts): Uint32Array | null {
  const gone = [...changed.values()].filter((user) => user === null).length
  if (gone === 0) return null
  const alive = new Uint32Array(generated.count - gone)
  let index = 0
  for (let number = 0; number < generated.count; number++) if (changed.get(number) !== null) alive[index++] = number
  return alive
}
