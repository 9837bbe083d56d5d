import { createHash, randomUUID } from 'node:crypto'
import { derivedOnce } from '#model/derived-once.ts'
import type { GenerationId } from '#model/ids.ts'
import { DELTA_LIFE_MILLISECONDS, type ResourceDefinition } from '#model/resource.ts'
import { NO_TRAIL } from '#model/trail.ts'
import type { Cursor } from '#store/cursors.ts'

/** The beginning of a full reading. */
export const anew = (definition: ResourceDefinition): Cursor => ({
  kind: definition.kind,
  generation: randomUUID() as GenerationId,
  fingerprint: fingerprintOf(definition),
  nextLink: null,
  deltaLink: null,
  deltaAt: null,
  removedInRound: 0,
  removalsAllowed: false,
  finishedInRun: null,
  counted: null,
  trail: NO_TRAIL,
})

/**
 * Where this reading begins, or goes on. A kind without delta is a new generation each time, and so is a delta link that
 * has grown too old. A link remembers what was selected when it was begun: after another version, or another
 * configuration, wants something else of the objects, only a full reading brings it for those that do not change.
 */
export function cursorToBeginWith(definition: ResourceDefinition, known: Cursor | null, begunAt: Date): Cursor {
  if (!known) return anew(definition)
  const asksTheSame = known.fingerprint === fingerprintOf(definition)
  if (asksTheSame && known.nextLink) return known
  const age = begunAt.getTime() - (known.deltaAt?.getTime() ?? 0)
  if (asksTheSame && known.deltaLink && age < DELTA_LIFE_MILLISECONDS)
    return { ...known, removedInRound: 0, trail: NO_TRAIL }
  return { ...anew(definition), removalsAllowed: known.removalsAllowed }
}

/** In which order the properties are written down means nothing. */
const fingerprintOf = derivedOnce(({ path, select, key }: ResourceDefinition): string =>
  createHash('sha256')
    .update(`${path}?${[...select].sort().join(',')}#${key}`)
    .digest('hex')
    .slice(0, 16),
)
