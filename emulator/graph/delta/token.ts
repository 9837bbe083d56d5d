import type { ChangeKind } from '#emulator/directory/journal.ts'
import type { Call } from '#emulator/graph/call.ts'
import { root } from '#emulator/graph/call.ts'
import type { Tracked } from '#emulator/graph/delta/tracked.ts'
import { GraphError } from '#emulator/graph/errors.ts'
import { type Place, seal, unseal } from '#emulator/graph/odata/skip-token.ts'

/**
 * How far a client has come, with the query that it began with. `place`: in the first full enumeration; `after`: past that
 * change of a later round.
 */
export type Progress = {
  /** Of the journal that counts the changes: another journal cannot continue this count. */
  epoch: string
  /** Changes up to here are known to the client, or come with the enumeration. */
  since: number
  place: Place | null
  after: number | null
  /** The earliest of what the replica had not heard of in this round: the next round begins before it. */
  heldBack: number | null
  select: readonly string[] | null
  tracked: Tracked
}

const LIFETIME_SECONDS = 7 * 24 * 3_600

/** @param set as in users/delta */
export function linkTo(call: Call, set: string, name: '$skiptoken' | '$deltatoken', progress: Progress): string {
  const { epoch, since, place, after, heldBack, select, tracked } = progress
  const { tenantId } = call.caller
  const token = seal(
    JSON.stringify([
      [set, tenantId, call.world.clock.seconds(), epoch],
      [since, place, after, heldBack],
      [select, tracked.ids, tracked.kinds],
    ]),
  )
  return `${root(call)}/${set}/delta?${name}=${token}`
}

type Sealed = [
  [set: string, tenantId: string, issued: number, epoch: string],
  [since: number, place: Place | null, after: number | null, heldBack: number | null],
  [select: string[] | null, ids: string[] | null, kinds: ChangeKind[] | null],
]

/** @throws GraphError 400 for a token that is none or another tenant's, 410 for one too old or of another world */
export function readProgress(call: Call, set: string, token: string): Progress {
  const read = unseal(token) as Sealed | null
  if (!Array.isArray(read?.[0]) || read[0][0] !== set || read[0][1] !== call.caller.tenantId)
    throw new GraphError(400, 'BadRequest', 'Invalid delta token.')
  const [[, , issued, epoch], [since, place, after, heldBack], [select, ids, kinds]] = read
  if (issued + LIFETIME_SECONDS <= call.world.clock.seconds())
    throw gone(call, set, 'syncStateNotFound', 'The delta token is too old. A full resync is required.')
  if (epoch !== call.contents.journal?.epoch) throw resyncRequired(call, set)
  return { epoch, since, place, after, heldBack, select, tracked: { ids, kinds } }
}

export const resyncRequired = (call: Call, set: string): GraphError =>
  gone(call, set, 'resyncRequired', 'Resync required. Replace any local items with the server’s version.')

/** `Location` leads to a new beginning. @see https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset */
const gone = (call: Call, set: string, code: string, message: string): GraphError =>
  new GraphError(410, code, message, { headers: { location: `${root(call)}/${set}/delta?$deltatoken=` } })
