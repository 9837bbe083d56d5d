import { readAhead } from '#base/read-ahead.ts'
import { anew, cursorToBeginWith } from '#flows/sync/cursor-to-begin-with.ts'
import { Circle, type Place, type Storing, storePages } from '#flows/sync/store-pages.ts'
import { readChanges } from '#graph/changes.ts'
import type { Graph } from '#graph/open.ts'
import { diagnose, type ProblemCode } from '#model/problem.ts'
import type { ChangePage, ResourceDefinition } from '#model/resource.ts'
import { type Cursor, saveCursor, type Unchanged } from '#store/cursors.ts'
import { asTenant } from '#store/database/open.ts'
import { holdRun } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

export type SyncWork = Storing & {
  log: Tools['log']
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
  const cursor = cursorToBeginWith(definition, known, work.begunAt)
  try {
    return await round(work, definition, { cursor, first: known === null })
  } catch (error) {
    // Of a full reading the next try begins anew. It need not be this one, which may have gone round for hours.
    if (error instanceof Circle && cursor.deltaLink === null) {
      await forgetPlace(work, anew(definition, cursor))
      throw error
    }
    const isLost = LINK_IS_LOST.includes(diagnose(error).code) && (cursor.nextLink ?? cursor.deltaLink) !== null
    if (!isLost) throw error
    work.log.info({ tenantId: work.tenantId, kind: definition.kind }, 'the link is lost: reading anew')
    return round(work, definition, { cursor: anew(definition, cursor), first: false })
  }
}

async function round(work: SyncWork, definition: ResourceDefinition, from: Place): Promise<'finished' | 'unfinished'> {
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
  from: Place,
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
      at = await storePages(work, definition, at, pages)
      for (const page of pages) page.free()
      if (at.cursor.nextLink === null) return 'finished'
    }
  } finally {
    stop.abort()
  }
}

const forgetPlace = ({ store, tenantId, runId }: SyncWork, cursor: Cursor): Promise<void> =>
  asTenant(store, tenantId, async (sql) => {
    await holdRun(sql, runId)
    await saveCursor(sql, cursor)
  })
