import type { Rule } from '#emulator/mischief/rules.ts'
import type { Place, Word } from '#emulator/mischief/words.ts'

/** What a request is, as far as rules can tell requests apart. */
export type Occasion = {
  at: Place
  /** With its port. */
  host?: string | undefined
  method?: string
  path?: string
  tenantId?: string | undefined
  appId?: string | undefined
}

/** Faults on order: the same rules and the same requests give the same faults. */
export type Mischief = {
  rules(): readonly Rule[]
  set(rules: readonly Rule[], seed: number): void
  /** One rule more; the others go on counting. */
  add(rule: Rule): void
  clear(): void
  /** The rules without a word that strike this time; counts the request, so the server asks once for each. */
  hit(occasion: Occasion): readonly Rule[]
  /** The words that hold for what is being made now: an ID token, a configuration. Counts it. */
  says(occasion: Occasion): readonly Word[]
}

/** Until a seed is told with the rules. */
const FIRST_SEED = 1

export function openMischief(): Mischief {
  let rules: readonly Rule[] = []
  let seen: number[] = []
  let random = generator(FIRST_SEED)
  const strike = (occasion: Occasion, wanted: (rule: Rule) => boolean) =>
    rules.filter((rule, index) => {
      if (!wanted(rule) || !matches(rule, occasion)) return false
      const count = (seen[index] ?? 0) + 1
      seen[index] = count
      if (count < rule.nth || (rule.times !== undefined && count >= rule.nth + rule.times)) return false
      return rule.probability === undefined || random() < rule.probability
    })
  return {
    rules: () => rules,
    set(next, seed) {
      rules = next
      seen = []
      random = generator(seed)
    },
    add(rule) {
      rules = [...rules, rule]
    },
    clear() {
      rules = []
      seen = []
      random = generator(FIRST_SEED)
    },
    hit: (occasion) => strike(occasion, (rule) => rule.word === undefined),
    says: (occasion) =>
      strike(occasion, (rule) => rule.word !== undefined).flatMap((rule) => (rule.word ? [rule.word] : [])),
  }
}

const matches = ({ at, match }: Rule, occasion: Occasion): boolean =>
  at === occasion.at &&
  (match.host === undefined || isHost(match.host, occasion.host?.toLowerCase() ?? '')) &&
  (match.method === undefined || match.method.toUpperCase() === occasion.method) &&
  (match.path === undefined || new RegExp(match.path, 'i').test(occasion.path ?? '')) &&
  (match.tenant === undefined || match.tenant === occasion.tenantId) &&
  (match.app === undefined || match.app === occasion.appId)

const isHost = (wanted: string, asked: string): boolean => wanted === asked || wanted === asked.replace(/:\d+$/, '')

/** Numbers from 0 to 1, the same for the same seed. */
export function generator(seed: number): () => number {
  let drawn = 0
  return () => drawAt(seed, drawn++)
}

/** What a generator draws, counted from 0, without what came before. Mulberry32: small, fast, and the same everywhere. */
export function drawAt(seed: number, index: number): number {
  const state = (seed + Math.imul(index + 1, 0x6d2b79f5)) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
