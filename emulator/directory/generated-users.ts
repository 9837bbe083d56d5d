import type { Guid, User } from '#emulator/directory/types.ts'

/** How to make users from their numbers, 0 and up; the same number makes the same user each time. */
export type Recipe = {
  count: number
  /** Behind the @ of all their names. */
  domain: string
  /** Before the @; where somebody before has the same, the number is put behind it. */
  nameOf(number: number): string
  idOf(number: number): Guid
  make(number: number, id: Guid, userPrincipalName: string): User
  /** Names before the @ that others in the tenant have, lower-case. */
  taken: ReadonlySet<string>
}

/**
 * Users who are not kept but made whenever somebody asks: a million of them take 25 bytes each, and none at all until
 * somebody asks for one of their tenant.
 */
export type GeneratedUsers = {
  count: number
  at(number: number): User
  idAt(number: number): Guid
  /** @returns the number, or -1 */
  find(id: Guid): number
  findName(userPrincipalName: string): number
}

const ID_BYTES = 16
const GUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function openGeneratedUsers(recipe: Recipe): GeneratedUsers {
  const { count, domain } = recipe
  let known: Layout | null = null
  const layout = (): Layout => {
    known ??= layOut(recipe)
    return known
  }
  const idAt = (number: number) => textOf(layout().ids, number)
  const nameAt = (number: number) => `${recipe.nameOf(number)}${isNumbered(layout(), number) ? number : ''}`
  return {
    count,
    idAt,
    at: (number) => recipe.make(number, idAt(number), `${nameAt(number)}@${domain}`),
    find(id) {
      if (!GUID_TEXT.test(id)) return -1
      const bytes = bytesOf(id)
      const { byId, ids } = layout()
      return byId.find(
        bytes.readUInt32LE(0),
        (number) => bytes.compare(ids, number * ID_BYTES, (number + 1) * ID_BYTES) === 0,
      )
    },
    findName(userPrincipalName) {
      const at = userPrincipalName.lastIndexOf('@')
      if (userPrincipalName.slice(at + 1) !== domain.toLowerCase()) return -1
      const name = userPrincipalName.slice(0, at)
      return layout().byName.find(hashOf(name), (number) => nameAt(number) === name)
    },
  }
}

type Layout = { ids: Buffer; numbered: Uint8Array; byId: NumberTable; byName: NumberTable }

function layOut({ count, nameOf, idOf, taken }: Recipe): Layout {
  const ids = Buffer.allocUnsafeSlow(count * ID_BYTES)
  const numbered = new Uint8Array(Math.ceil(count / 8))
  const byId = openNumberTable(count)
  const byName = openNumberTable(count)
  const names = new Set(taken)
  for (let number = 0; number < count; number++) {
    bytesOf(idOf(number)).copy(ids, number * ID_BYTES)
    byId.add(ids.readUInt32LE(number * ID_BYTES), number)
    const name = nameOf(number)
    if (names.has(name)) numbered[number >> 3] = (numbered[number >> 3] ?? 0) | (1 << (number & 7))
    byName.add(hashOf(names.has(name) ? `${name}${number}` : name), number)
    names.add(name)
  }
  return { ids, numbered, byId, byName }
}

const isNumbered = ({ numbered }: Layout, number: number): boolean =>
  ((numbered[number >> 3] ?? 0) & (1 << (number & 7))) !== 0

const bytesOf = (id: Guid): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex')

function textOf(ids: Buffer, number: number): Guid {
  const hex = ids.toString('hex', number * ID_BYTES, (number + 1) * ID_BYTES)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** FNV-1a: spreads short names well enough. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** Numbers by hash, with open addressing; the caller knows whether a number is the one. */
type NumberTable = {
  add(hash: number, number: number): void
  find(hash: number, isIt: (number: number) => boolean): number
}

function openNumberTable(count: number): NumberTable {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, count * 1.5)))
  const slots = count < 0xffff ? new Uint16Array(size) : new Uint32Array(size)
  return {
    add(hash, number) {
      let slot = hash & (size - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      slots[slot] = number + 1
    },
    find(hash, isIt) {
      for (let slot = hash & (size - 1); ; slot = (slot + 1) & (size - 1)) {
        const found = slots[slot] ?? 0
        if (found === 0 || isIt(found - 1)) return found - 1
      }
    },
  }
}
