import { randomUUID } from 'node:crypto'
import { readAhead } from '#base/read-ahead.ts'
import { readChanges } from '#graph/changes.ts'
import type { Graph } from '#graph/open.ts'
import type { GenerationId, RunId, TenantId } from '#model/ids.ts'
import { diagnose, Problem, type ProblemCode } from '#model/problem.ts'
import {
  type ChangePage,
  DELTA_LIFE_MILLISECONDS,
  type ResourceDefinition,
  type ResourceKind,
} from '#model/resource.ts'
import { LARGE_FROM_USERS } from '#model/throttle.ts'
import { followTrail, NO_TRAIL } from '#model/trail.ts'
import { type Cursor, saveCursor, type Unchanged } from '#store/cursors.ts'
import { asTenant, type TenantSql } from '#store/open.ts'
import {
  applyPage,
  countStored,
  countUpTo,
  insertPages,
  isOfTheData,
  type Removed,
  removeGone,
  type Stored,
} from '#store/resources.ts'
import { holdRun, recordPage } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

export type SyncWork = Pick<Tools, 'config' | 'store' | 'log' | 'telemetry'> & {
  tenantId: TenantId
  runId: RunId
  /** When the run was begun, or gone on with, by the database’s clock. */
  begunAt: Date
  graph: Graph
  signal: AbortSignal
  /** Whether others have waited long enough. */
  mustMakeRoom: () => boolean
  /** Told of a kind in which nothing has changed: where to go on is saved when the run ends. */
  passOver: (unchanged: Unchanged) => void
}

/** So many pages may wait while others are stored. */
const PAGES_AHEAD = 8
/** Of so few a large share says nothing; groups are rearranged more often than people leave. */
const ALWAYS_FINE = { objects: 5, memberships: 20 }
const LARGEST_REMOVAL_SHARE = 0.3

/** A link that Graph gave and does not take any more would be refused every time: it is worth as much as a forgotten one. */
const LINK_IS_LOST: readonly ProblemCode[] = ['SYNC_STATE_LOST', 'GRAPH_REFUSED']

/**
 * Brings one kind of object up to date: from the page where it stopped, from what has changed, or anew. When Graph has
 * forgotten where we were, or refuses to go on from there, it is read anew once.
 */
export async function syncResource(
  work: SyncWork,
  definition: ResourceDefinition,
  known: Cursor | null,
): Promise<'finished' | 'unfinished'> {
  const cursor = usable(work, definition, known)
  try {
    return await round(work, definition, { cursor, first: known === null })
  } catch (error) {
    // Of a full reading the next try begins anew. It need not be this one, which may have gone round for hours.
    if (error instanceof Circle && cursor.deltaLink === null) {
      await forgetPlace(work, { ...anew(definition), removalsAllowed: cursor.removalsAllowed })
      throw error
    }
    const isLost = LINK_IS_LOST.includes(diagnose(error).code) && (cursor.nextLink ?? cursor.deltaLink) !== null
    if (!isLost) throw error
    work.log.info({ tenantId: work.tenantId, kind: definition.kind }, 'Graph has forgotten our place: reading anew')
    const again = { ...anew(definition), removalsAllowed: cursor.removalsAllowed }
    return round(work, definition, { cursor: again, first: false })
  }
}

/** Where a round begins or stands. `first`: nothing of this kind has ever been stored of the tenant. */
type Start = { cursor: Cursor; first: boolean }

const anew = ({ kind }: ResourceDefinition): Cursor => ({
  kind,
  generation: randomUUID() as GenerationId,
  nextLink: null,
  deltaLink: null,
  deltaAt: null,
  removedInRound: 0,
  removalsAllowed: false,
  finishedInRun: null,
  counted: null,
  trail: NO_TRAIL,
})

/** A kind without delta is a new generation each time, and so is a delta link that has grown too old. */
function usable({ begunAt }: SyncWork, definition: ResourceDefinition, cursor: Cursor | null): Cursor {
  if (!cursor) return anew(definition)
  if (cursor.nextLink) return cursor
  const age = begunAt.getTime() - (cursor.deltaAt?.getTime() ?? 0)
  const { removalsAllowed } = cursor
  return cursor.deltaLink && age < DELTA_LIFE_MILLISECONDS
    ? { ...cursor, removedInRound: 0, trail: NO_TRAIL }
    : { ...anew(definition), removalsAllowed }
}

async function round(work: SyncWork, definition: ResourceDefinition, from: Start): Promise<'finished' | 'unfinished'> {
  const { cursor, first: mayPass } = from
  if (cursor.nextLink !== null || cursor.deltaLink === null) return readOn(work, definition, from, null)
  const { graph, signal } = work
  const page = await readChanges(graph, definition, { link: cursor.deltaLink, signal, mayPass })
  const unchanged = findUnchanged(cursor, page)
  if (!unchanged) return readOn(work, definition, from, page)
  work.passOver(unchanged)
  return 'finished'
}

/** Most rounds: from a delta link straight to the next one. */
function findUnchanged({ kind, removalsAllowed }: Cursor, page: ChangePage): Unchanged | null {
  const { deltaLink } = page
  if (deltaLink === null) return null
  const { changed, removed, members } = page.changes()
  return changed.ids.length + removed.length + members.length === 0 ? { kind, deltaLink, removalsAllowed } : null
}

/** While pages are stored, the next are on their way; what arrives meanwhile is stored together. */
async function readOn(
  work: SyncWork,
  definition: ResourceDefinition,
  from: Start,
  page: ChangePage | null,
): Promise<'finished' | 'unfinished'> {
  const stop = new AbortController()
  const signal = AbortSignal.any([work.signal, stop.signal])
  const read = (link: string | null) => readChanges(work.graph, definition, { link, signal, mayPass: from.first })
  const ahead = readAhead<ChangePage>((last) => {
    if (last === null) return page ? Promise.resolve(page) : read(from.cursor.nextLink ?? from.cursor.deltaLink)
    return last.nextLink === null || work.mustMakeRoom() ? null : read(last.nextLink)
  }, PAGES_AHEAD)
  try {
    for (let at = from; ; ) {
      const pages = await ahead.take()
      if (pages.length === 0) return 'unfinished'
      at = await storeOrUpdate(work, definition, at, pages)
      for (const page of pages) page.free()
      if (at.cursor.nextLink === null) return 'finished'
    }
  } finally {
    stop.abort()
  }
}

/** Whoever went on from there would only go round again. */
class Circle extends Problem {
  constructor({ path }: ResourceDefinition) {
    super({
      code: 'SYNC_STATE_LOST',
      owner: 'microsoft',
      message: `The pages of ${path} lead in a circle.`,
      nextStep: 'Everything is read anew, by itself. If it happens again, report it to Microsoft’s support.',
      retry: 'backoff',
      confidence: 'certain',
    })
  }
}

const forgetPlace = ({ store, tenantId, runId }: SyncWork, cursor: Cursor): Promise<void> =>
  asTenant(store, tenantId, async (sql) => {
    await holdRun(sql, runId)
    await saveCursor(sql, cursor)
  })

/**
 * A first reading need not look for what is stored, nor at what it stores, until it meets an object for the second time
 * or something that is none.
 */
async function storeOrUpdate(
  work: SyncWork,
  definition: ResourceDefinition,
  { cursor, first }: Start,
  pages: readonly ChangePage[],
): Promise<Start> {
  const insert = first && pages.every((page) => page.asItCame || page.changes().removed.length === 0)
  if (insert) {
    try {
      return { cursor: await store(work, definition, cursor, { pages, insert }), first }
    } catch (error) {
      if (!isOfTheData(error)) throw error
    }
  }
  return { cursor: await store(work, definition, cursor, { pages, insert: false }), first: first && !insert }
}

/** The pages, their counters and the place to go on from: all or nothing. */
async function store(
  { store, config, telemetry, tenantId, runId }: SyncWork,
  definition: ResourceDefinition,
  cursor: Cursor,
  { pages, insert }: { pages: readonly ChangePage[]; insert: boolean },
): Promise<Cursor> {
  const { kind, key } = definition
  // Followed for ever, pages that lead in a circle would bring nothing but the same.
  const trail = followTrail(
    cursor.trail,
    pages.flatMap(({ nextLink }) => nextLink ?? []),
  )
  if (!trail) throw new Circle(definition)
  const reading = { kind, key, generation: cursor.generation }
  const share = config.app.largestRemovalShare ?? LARGEST_REMOVAL_SHARE
  const told = { 'tenantry.tenant': tenantId, 'tenantry.kind': kind }
  return telemetry.span(
    'page stored',
    () => told,
    (note) =>
      asTenant(store, tenantId, async (sql) => {
        let [count, setAside] = [0, 0]
        // Whoever ends the tenant takes its run before its objects, and so does whoever changes some. What is new nobody else sees.
        if (!insert) await holdRun(sql, runId)
        if (insert) count = await insertPages(sql, reading, pages)
        else
          for (const page of pages) {
            const changes = page.changes()
            count += changes.changed.ids.length
            setAside += await applyPage(sql, reading, changes)
          }
        note({ 'tenantry.objects': count })
        const end = pages.findLast(({ nextLink }) => nextLink === null)
        const removedInRound = cursor.removedInRound + setAside
        // A first reading that has met nothing for a second time has stored all that there is.
        const unseen = cursor.deltaLink === null && !insert
        const removed =
          end && (unseen || removedInRound > 0) ? await removeGone(sql, reading, { unseen }) : NOTHING_REMOVED
        if (!cursor.removalsAllowed) await guardRemovals(sql, { kind, removed, share })
        const next: Cursor = {
          ...cursor,
          nextLink: end ? null : (pages.at(-1)?.nextLink ?? null),
          ...(end ? { deltaLink: end.deltaLink, finishedInRun: runId, removalsAllowed: false } : {}),
          removedInRound,
          trail: end ? NO_TRAIL : trail,
          counted: removed.objects === 0 && isLarge(cursor) ? cursor.counted : await countFor(sql, kind),
        }
        await recordPage(sql, runId, { kind, count, pages: pages.length, removed: removed.objects })
        await saveCursor(sql, next, {
          linkIsNew: end !== undefined,
          allowanceUsed: end !== undefined && cursor.removalsAllowed,
        })
        return next
      }),
  )
}

const NOTHING_REMOVED: Removed = { objects: 0, memberships: 0 }

const isLarge = ({ counted }: Cursor): boolean => (counted ?? 0) >= LARGE_FROM_USERS

/** Of people, how many there are tells the tenant's size. */
const countFor = async (sql: TenantSql, kind: ResourceKind): Promise<number | null> =>
  kind === 'user' ? countUpTo(sql, kind, LARGE_FROM_USERS) : null

/**
 * A round that removes a large share of what is stored stops and asks: it may be the customer’s wish, or a fault at
 * Microsoft or here. Until its last page nothing goes, and this is looked at after the removal, in its transaction: only then
 * it is known how much goes, and all of it is undone. The cursor stays before that page, which asks again at the next turn.
 */
async function guardRemovals(
  sql: TenantSql,
  { kind, removed, share }: { kind: ResourceKind; removed: Removed; share: number },
): Promise<void> {
  if (await isLargeShare(sql, kind, removed.objects, share))
    throw await tooLarge(sql, kind, removed.objects, `stored objects of kind ${kind}`)
  if (await isLargeShare(sql, 'membership', removed.memberships, share))
    throw await tooLarge(sql, 'membership', removed.memberships, 'stored memberships of groups that stay')
}

/** Counted no further than it takes to see that enough stays. */
async function isLargeShare(sql: TenantSql, what: Stored, removed: number, share: number): Promise<boolean> {
  if (removed <= (what === 'membership' ? ALWAYS_FINE.memberships : ALWAYS_FINE.objects)) return false
  if (share === 0) return true
  const enough = Math.ceil(removed / share) - removed
  return (await countUpTo(sql, what, enough)) < enough
}

const tooLarge = async (sql: TenantSql, what: Stored, removed: number, words: string) =>
  new Problem({
    code: 'REMOVAL_TOO_LARGE',
    owner: 'operator',
    message: `This reading would remove ${removed} of ${(await countStored(sql, what)) + removed} ${words}.`,
    nextStep:
      'Ask the customer. If it is right, allow it on the tenant’s page of the console or with `tenantry tenants allow-removal`; nothing of it is removed before.',
    retry: 'never',
    confidence: 'certain',
  })
