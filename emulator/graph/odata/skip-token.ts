import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Call } from '#emulator/graph/call.ts'
import { GraphError } from '#emulator/graph/errors.ts'

/**
 * Where a page ended: how many items lie behind, which was the last, and the tenant's version at that time. `turn`: after
 * so many empty pages, so that none of them leads to itself.
 */
export type Place = { position: number; lastId: string; version: number; turn?: number }

/** The place that follows one: of an empty page another one, though it be no further on. */
export const turned = (before: Place | null, place: Place): Place =>
  place.position === (before?.position ?? 0) ? { ...place, turn: (before?.turn ?? 0) + 1 } : place

/** Not a secret: it only tells a token that was made here from one that was made up. */
const KEY = 'tenantry-emulator-page-token'
const TICK_SECONDS = 600
/** Skip tokens live for minutes; generous, so that a slow reader in a debugger gets through. */
const LIFETIME_TICKS = 6

export const tickOf = ({ world }: Pick<Call, 'world'>): number => Math.floor(world.clock.seconds() / TICK_SECONDS)

/** Opaque to clients; good for the same query of the same tenant only. The same page gets the same token for ten minutes. */
export function makeSkipToken(call: Call, { position, lastId, version, turn = 0 }: Place): string {
  const payload = JSON.stringify([call.caller.tenantId, queryOf(call), tickOf(call), position, lastId, version, turn])
  return seal(payload)
}

/** @throws GraphError 400 for a token that is not one, of another tenant or query, or too old */
export function readSkipToken(call: Call, token: string): Place {
  const read = unseal(token)
  if (!Array.isArray(read)) throw new GraphError(400, 'BadRequest', 'Invalid skip token.')
  const [tenantId, query, tick, position, lastId, version, turn] = read
  if (tenantId !== call.caller.tenantId) throw new GraphError(400, 'BadRequest', 'Invalid skip token.')
  if (query !== queryOf(call) || Number(tick) + LIFETIME_TICKS < tickOf(call))
    throw new GraphError(
      400,
      'Directory_ExpiredPageToken',
      'The specified page token value has expired and can no longer be included in your request.',
    )
  return { position: Number(position), lastId: String(lastId), version: Number(version), turn: Number(turn) }
}

export function seal(payload: string): string {
  const body = Buffer.from(payload).toString('base64url')
  return `${body}.${signature(body)}`
}

export function unseal(token: string): unknown {
  const [body = '', signed = ''] = token.split('.')
  const expected = signature(body)
  if (signed.length !== expected.length || !timingSafeEqual(Buffer.from(signed), Buffer.from(expected))) return null
  return JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))
}

const signature = (body: string) => createHmac('sha256', KEY).update(body).digest('base64url').slice(0, 22)

/** The header belongs to the query: a client must send it with every page. */
const queryOf = ({ path, options, eventual }: Call): string =>
  createHash('sha256')
    .update(JSON.stringify([path.toLowerCase(), options.repeated, eventual]))
    .digest('base64url')
    .slice(0, 22)
