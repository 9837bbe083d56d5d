/** Numbers GUIDs in the order in which they come, from 0. */
export type GuidIndex = {
  /** @returns -1 when it has no number, or is no GUID */
  find(guid: string): number
  /** @returns its number, old or new; -1 when it is no GUID, or all numbers are given away */
  add(guid: string): number
  size(): number
}

const LENGTH = 36
const HYPHEN = 0x2d
const HYPHENS_AT = [8, 13, 18, 23] as const
const NO_DIGIT = 0x10
const DIGITS = new Uint8Array(128).fill(NO_DIGIT)
for (const [value, digit] of [...'0123456789abcdef'].entries())
  for (const code of [digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0)]) DIGITS[code] = value

/**
 * A table of GUIDs as four numbers each, in one piece of memory. A map of texts answers the same, but must look at each
 * text where it lies: with 20,000 of them that is a wait for the main memory with every question, and costs more than
 * everything else (bench/token-cache.ts).
 */
export function openGuidIndex(capacity: number): GuidIndex {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2)))
  const last = slots.length - 1
  const words = new Int32Array(capacity * 4)
  const wanted = new Int32Array(4)
  let size = 0

  /** Where it stands, or the free slot where it would. */
  const slotOf = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = [wanted[0], wanted[1], wanted[2], wanted[3]]
    const mixed = Math.imul(
      a ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x9e3779b1),
      0x27d4eb2f,
    )
    for (let slot = (mixed ^ (mixed >>> 15)) & last; ; slot = (slot + 1) & last) {
      const at = ((slots[slot] ?? 0) - 1) * 4
      if (at < 0 || (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d)) return slot
    }
  }
  return {
    find: (guid) => (read(guid, wanted) ? (slots[slotOf()] ?? 0) - 1 : -1),
    add(guid) {
      if (!read(guid, wanted)) return -1
      const slot = slotOf()
      const known = slots[slot] ?? 0
      if (known > 0) return known - 1
      if (size >= capacity) return -1
      words.set(wanted, size * 4)
      size += 1
      slots[slot] = size
      return size - 1
    },
    size: () => size,
  }
}

/** @returns whether it is a GUID: two different ones must never read alike */
function read(guid: string, into: Int32Array): boolean {
  wrong = guid.length === LENGTH ? 0 : NO_DIGIT
  for (const at of HYPHENS_AT) if (guid.charCodeAt(at) !== HYPHEN) wrong = NO_DIGIT
  into[0] = eightDigits(guid, 0, 4)
  into[1] = eightDigits(guid, 9, 14)
  into[2] = eightDigits(guid, 19, 24)
  into[3] = eightDigits(guid, 28, 32)
  return wrong < NO_DIGIT
}

/** Everything seen of the text that is read, one bit over another. */
let wrong = 0

const eightDigits = (text: string, first: number, second: number): number =>
  (fourDigits(text, first) << 16) | fourDigits(text, second)

function fourDigits(text: string, at: number): number {
  const a = DIGITS[text.charCodeAt(at)] ?? NO_DIGIT
  const b = DIGITS[text.charCodeAt(at + 1)] ?? NO_DIGIT
  const c = DIGITS[text.charCodeAt(at + 2)] ?? NO_DIGIT
  const d = DIGITS[text.charCodeAt(at + 3)] ?? NO_DIGIT
  wrong |= a | b | c | d
  return (a << 12) | (b << 8) | (c << 4) | d
}
