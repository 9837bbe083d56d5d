import { randomUUID } from 'node:crypto'
import type { GenerationId } from '#model/ids.ts'
import { DELTA_LIFE_MILLISECONDS, type ResourceDefinition } from '#model/resource.ts'
import { NO_TRAIL } from '#model/trail.ts'
import type { Cursor } from '#store/cursors.ts'
import { fingerprintOf } from '#store/fingerprint.ts'

/** What is known of a kind before it is read anew: when it was last read to its end, and what an operator has allowed. */
type Before = Pick<Cursor, 'deltaAt' | 'removalsAllowed'>

/** The beginning of a full reading. */
export const anew = (
  definition: ResourceDefinition,
  { deltaAt, removalsAllowed }: Before = { deltaAt: null, removalsAllowed: false },
): Cursor => ({
  kind: definition.kind,
  generation: randomUUID() as GenerationId,
  fingerprint: fingerprintOf(definition),
  nextLink: null,
  deltaLink: null,
  deltaAt,
  removedInRound: 0,
  removalsAllowed,
  finishedInRun: null,
  counted: null,
  trail: NO_TRAIL,
  keptAt: null,
})

/**
 * Where this reading begins, or goes on. A kind without delta is a new generation each time, and so is a link that has grown
 * too old: of what was deleted long ago Graph tells nothing any more, though it may still take the link. A link remembers
 * what was selected when it was begun: after another version, or another configuration, wants something else of the objects,
 * only a full reading brings it for those that do not change.
 */
export function cursorToBeginWith(definition: ResourceDefinition, known: Cursor | null, begunAt: Date): Cursor {
  if (!known) return anew(definition)
  const asksTheSame = known.fingerprint === fingerprintOf(definition)
  const isYoung = (since: Date | null) => begunAt.getTime() - (since?.getTime() ?? 0) < DELTA_LIFE_MILLISECONDS
  if (asksTheSame && known.nextLink && isYoung(known.keptAt)) return known
  if (asksTheSame && known.deltaLink && !known.nextLink && isYoung(known.deltaAt))
    return { ...known, removedInRound: 0, trail: NO_TRAIL }
  return anew(definition, asksTheSame ? known : { ...known, deltaAt: null })
}
