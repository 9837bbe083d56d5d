import { randomUUID } from 'node:crypto'
import { readChanges } from '#graph/changes.ts'
import type { Graph } from '#graph/open.ts'
import type { GenerationId, RunId, TenantId } from '#model/ids.ts'
import { diagnose, Problem } from '#model/problem.ts'
import type { ChangePage, ResourceDefinition } from '#model/resource.ts'
import { type Cursor, saveCursor } from '#store/cursors.ts'
import { asTenant, type TenantSql } from '#store/open.ts'
import { applyPage, countStored, countUnseen, removeUnseen } from '#store/resources.ts'
import { recordPage } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

export type SyncWork = Pick<Tools, 'config' | 'store' | 'clock' | 'log' | 'telemetry'> & {
  tenantId: TenantId
  runId: RunId
  graph: Graph
  signal: AbortSignal
  /** Whether others have waited long enough. */
  mustMakeRoom: () => boolean
}

/** Delta tokens of directory objects are documented to live seven days. @see https://learn.microsoft.com/graph/delta-query-overview#token-duration */
const DELTA_LIFE_MILLISECONDS = 6.5 * 24 * 3_600_000
/** Below so many objects a large share says nothing. */
const REMOVALS_ALWAYS_FINE = 50

/**
 * Brings one kind of object up to date: from the page where it stopped, from what has changed, or anew. When Graph has
 * forgotten where we were, it is read anew once.
 */
export async function syncResource(
  work: SyncWork,
  definition: ResourceDefinition,
  known: Cursor | null,
): Promise<'finished' | 'unfinished'> {
  const cursor = usable(work, definition, known)
  try {
    return await round(work, definition, cursor)
  } catch (error) {
    const forgotten = diagnose(error).code === 'SYNC_STATE_LOST' && (cursor.nextLink ?? cursor.deltaLink) !== null
    if (!forgotten) throw error
    work.log.info({ tenantId: work.tenantId, kind: definition.kind }, 'Graph has forgotten our place: reading anew')
    return round(work, definition, { ...anew(definition), removalsAllowed: cursor.removalsAllowed })
  }
}

const anew = ({ kind }: ResourceDefinition): Cursor => ({
  kind,
  generation: randomUUID() as GenerationId,
  nextLink: null,
  deltaLink: null,
  deltaAt: null,
  removedInRound: 0,
  removalsAllowed: false,
  finishedInRun: null,
})

/** A kind without delta is a new generation each time, and so is a delta link that has grown too old. */
function usable({ clock }: SyncWork, definition: ResourceDefinition, cursor: Cursor | null): Cursor {
  if (!cursor) return anew(definition)
  if (cursor.nextLink) return cursor
  const age = clock.now().getTime() - (cursor.deltaAt?.getTime() ?? 0)
  const { removalsAllowed } = cursor
  return cursor.deltaLink && age < DELTA_LIFE_MILLISECONDS
    ? { ...cursor, removedInRound: 0 }
    : { ...anew(definition), removalsAllowed }
}

/** While one page is stored, the next is on its way. */
async function round(
  work: SyncWork,
  definition: ResourceDefinition,
  start: Cursor,
): Promise<'finished' | 'unfinished'> {
  const { graph, signal } = work
  let cursor = start
  let coming = readChanges(graph, definition, { link: cursor.nextLink ?? cursor.deltaLink, signal })
  for (;;) {
    const page = await coming
    const makeRoom = page.nextLink !== null && work.mustMakeRoom()
    if (page.nextLink !== null && !makeRoom) {
      coming = readChanges(graph, definition, { link: page.nextLink, signal })
      // If storing this page fails, nobody waits for the next one any more.
      coming.catch(() => {})
    }
    cursor = await store(work, definition, cursor, page)
    if (page.nextLink === null) return 'finished'
    if (makeRoom) return 'unfinished'
  }
}

/** The page, its counters and the place to go on from: all or nothing. */
async function store(
  { store, config, clock, telemetry, tenantId, runId }: SyncWork,
  definition: ResourceDefinition,
  cursor: Cursor,
  page: ChangePage,
): Promise<Cursor> {
  const { kind } = definition
  const limit = config.app.largestRemovalShare ?? 0.3
  const told = { 'tenantry.tenant': tenantId, 'tenantry.kind': kind, 'tenantry.objects': page.changed.length }
  return telemetry.span('page stored', told, () =>
    asTenant(store, tenantId, async (sql) => {
      await guardRemovals(sql, cursor, page, limit)
      let removed = await applyPage(sql, kind, cursor.generation, page)
      const last = page.nextLink === null
      if (last && cursor.deltaLink === null) removed += await removeUnseen(sql, kind, cursor.generation)
      const next: Cursor = {
        ...cursor,
        nextLink: page.nextLink,
        ...(last
          ? { deltaLink: page.deltaLink, deltaAt: clock.now(), finishedInRun: runId, removalsAllowed: false }
          : {}),
        removedInRound: cursor.removedInRound + removed,
      }
      await recordPage(sql, runId, { kind, count: page.changed.length, removed })
      await saveCursor(sql, next)
      return next
    }),
  )
}

/**
 * A round that would remove a large share of what is stored stops and asks: it may be the customer's wish, or a fault at
 * Microsoft or here.
 */
async function guardRemovals(sql: TenantSql, cursor: Cursor, page: ChangePage, limit: number): Promise<void> {
  if (cursor.removalsAllowed) return
  const endsFullReading = page.nextLink === null && cursor.deltaLink === null
  if (page.removed.length === 0 && !endsFullReading) return
  const { total, unseen } = await countUnseen(sql, cursor.kind, cursor.generation)
  const seenNow = endsFullReading
    ? await countStored(
        sql,
        cursor.kind,
        page.changed.map(({ id }) => id),
      )
    : 0
  const going = endsFullReading ? unseen - seenNow : await countStored(sql, cursor.kind, page.removed)
  const before = total + cursor.removedInRound
  const would = going + cursor.removedInRound
  if (would <= REMOVALS_ALWAYS_FINE || would <= before * limit) return
  throw new Problem({
    code: 'REMOVAL_TOO_LARGE',
    owner: 'operator',
    message: `This reading would remove ${would} of ${before} stored objects of kind ${cursor.kind}.`,
    nextStep:
      'Ask the customer. If it is right, run `tenantry tenants allow-removal` for the tenant; nothing was removed meanwhile.',
    retry: 'never',
    confidence: 'certain',
  })
}
