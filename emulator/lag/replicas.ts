import { createHash } from 'node:crypto'
import type { LagKind, LagSettings } from '#emulator/lag/settings.ts'

/** What was written, by kind of question and a name of its own. */
type Count = { kind: LagKind; write: string }

export type Replicas = {
  /** Asks once: true while the replica that answers has not heard of the write. */
  isBehind(count: Count): boolean
  /** Whether every replica has heard of it, after the questions so far. */
  isThrough(count: Count): boolean
}

/** Replicas as of now: every write that they are asked about is new to them. */
export function openReplicas(settings: LagSettings): Replicas {
  /** Writes are numbered as they are first asked about, so that a seed does the same in every run. */
  const asked = new Map<string, { number: number; times: number }>()
  const keyOf = ({ kind, write }: Count) => `${kind}:${write}`
  const { consistency, seed, replicas } = settings
  return {
    isBehind(count) {
      const most = settings[count.kind]
      if (most === 0 || consistency === 'strong') return false
      const known = asked.get(keyOf(count)) ?? { number: asked.size, times: 0 }
      const times = known.times + 1
      asked.set(keyOf(count), { ...known, times })
      if (seed === null) return consistency === 'bounded' ? times <= most : times < most * 2 && times % 2 === 1
      const replica =
        consistency === 'bounded' ? 0 : Math.floor(draw(seed, count.kind, known.number, 'question', times) * replicas)
      return times <= Math.floor(draw(seed, count.kind, known.number, 'replica', replica) * (most + 1))
    },
    isThrough(count) {
      const most = settings[count.kind]
      const times = asked.get(keyOf(count))?.times ?? 0
      return consistency === 'strong' || times >= (seed === null && consistency === 'adversarial' ? most * 2 : most)
    },
  }
}

/** From 0 to below 1, the same for the same words. */
const draw = (...words: readonly (string | number)[]): number =>
  createHash('sha256').update(words.join(' ')).digest().readUInt32BE() / 2 ** 32
