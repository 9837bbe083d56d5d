import { guardRemovals } from '#flows/sync/guard-removals.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { ChangePage, ResourceDefinition, ResourceKind } from '#model/resource.ts'
import { LARGE_FROM_USERS } from '#model/throttle.ts'
import { followTrail, NO_TRAIL } from '#model/trail.ts'
import { type Cursor, saveCursor } from '#store/cursors.ts'
import { asTenant, type TenantSql } from '#store/database/open.ts'
import { applyPage, countUpTo, insertPages, isOfTheData, type Removed, removeGone } from '#store/resources.ts'
import { holdRun, recordPage } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

export type Storing = Pick<Tools, 'config' | 'store' | 'telemetry'> & { tenantId: TenantId; runId: RunId }

/** Where a round begins or stands. `first`: nothing of this kind has ever been stored of the tenant. */
export type Place = { cursor: Cursor; first: boolean }

const LARGEST_REMOVAL_SHARE = 0.3
const NOTHING_REMOVED: Removed = { objects: 0, memberships: 0 }

/** Whoever went on from there would only go round again. */
export class Circle extends Problem {
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

/**
 * A first reading need not look for what is stored, nor at what it stores, until it meets an object for the second time
 * or something that is none.
 */
export async function storePages(
  work: Storing,
  definition: ResourceDefinition,
  { cursor, first }: Place,
  pages: readonly ChangePage[],
): Promise<Place> {
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

/** The pages, their counters and the cursor: all or nothing. */
async function store(
  { store, config, telemetry, tenantId, runId }: Storing,
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
          goesOn: (cursor.nextLink ?? cursor.deltaLink) !== null,
          linkIsNew: end !== undefined,
          allowanceUsed: end !== undefined && cursor.removalsAllowed,
        })
        return next
      }),
  )
}

const isLarge = ({ counted }: Cursor): boolean => (counted ?? 0) >= LARGE_FROM_USERS

/** Of people, how many there are tells the tenant's size. */
const countFor = async (sql: TenantSql, kind: ResourceKind): Promise<number | null> =>
  kind === 'user' ? countUpTo(sql, { kind }, LARGE_FROM_USERS) : null
