import { sql as raw } from 'kysely'
import type { GenerationId, RunId, TenantId } from '#model/ids.ts'
import type { ResourceKind } from '#model/resource.ts'
import type { Trail } from '#model/trail.ts'
import type { FleetSql, TenantSql } from '#store/database/open.ts'

/** How far the reading of one kind of object has come in one tenant. */
export type Cursor = {
  kind: ResourceKind
  generation: GenerationId
  /** What the reading asks for, in short; null: before that was written down. */
  fingerprint: string | null
  /** The page to read next; null between two rounds. */
  nextLink: string | null
  /** Where to ask what has changed; null until the first full reading has ended. */
  deltaLink: string | null
  deltaAt: Date | null
  /** Objects removed since the round began. */
  removedInRound: number
  /** An operator has looked and said that so many may go. */
  removalsAllowed: boolean
  /** The run in which the last round ended. */
  finishedInRun: RunId | null
  /** So many objects were stored when they were counted last, no further than a tenant's size asks for; null: not yet. */
  counted: number | null
  /** Of the round that is under way. */
  trail: Trail
}

/** Nothing has changed since: only the cursor moves, and what an operator had allowed by then is used. */
export type Unchanged = { kind: ResourceKind; deltaLink: string; removalsAllowed: boolean }

export type CursorRow = {
  kind: ResourceKind
  generation: GenerationId
  fingerprint: string | null
  next_link: string | null
  delta_link: string | null
  delta_at: Date | null
  removed_in_round: number
  removals_allowed: boolean
  finished_in_run: RunId | null
  counted: number | null
  round_pages: number
  milestone: string | null
}

export const toCursor = (row: CursorRow): Cursor => ({
  kind: row.kind,
  generation: row.generation,
  fingerprint: row.fingerprint,
  nextLink: row.next_link,
  deltaLink: row.delta_link,
  deltaAt: row.delta_at,
  removedInRound: row.removed_in_round,
  removalsAllowed: row.removals_allowed,
  finishedInRun: row.finished_in_run,
  counted: row.counted,
  trail: { pages: row.round_pages, milestone: row.milestone },
})

export async function listCursors({ db }: TenantSql): Promise<Cursor[]> {
  const { rows } = await raw<CursorRow>`select * from tenantry.sync_cursors`.execute(db)
  return rows.map(toCursor)
}

/**
 * In the transaction that stores the page, so that a crash resumes at exactly the page it had reached.
 * @param options.linkIsNew whether Graph has just told where to ask what has changed since
 * @param options.allowanceUsed whether this round has removed what an operator allowed; else what he allows meanwhile stays
 */
export async function saveCursor(
  { db, at, tenantId }: TenantSql,
  cursor: Cursor,
  { linkIsNew = false, allowanceUsed = false }: { linkIsNew?: boolean; allowanceUsed?: boolean } = {},
): Promise<void> {
  await raw`
    insert into tenantry.sync_cursors (tenant_id, kind, generation, fingerprint, next_link, delta_link, delta_at, removed_in_round,
      removals_allowed, finished_in_run, counted, round_pages, milestone, updated_at)
    values (${tenantId}, ${cursor.kind}, ${cursor.generation}, ${cursor.fingerprint}, ${cursor.nextLink}, ${cursor.deltaLink}, ${linkIsNew ? at : cursor.deltaAt},
      ${cursor.removedInRound}, ${cursor.removalsAllowed}, ${cursor.finishedInRun}, ${cursor.counted},
      ${cursor.trail.pages}, ${cursor.trail.milestone}, ${at})
    on conflict (tenant_id, kind) do update set
      generation = excluded.generation,
      fingerprint = excluded.fingerprint,
      next_link = excluded.next_link,
      delta_link = excluded.delta_link,
      delta_at = excluded.delta_at,
      removed_in_round = excluded.removed_in_round,
      removals_allowed = tenantry.sync_cursors.removals_allowed and not ${allowanceUsed}::boolean,
      finished_in_run = excluded.finished_in_run,
      counted = excluded.counted,
      round_pages = excluded.round_pages,
      milestone = excluded.milestone,
      updated_at = excluded.updated_at`.execute(db)
}

/** Lets the next run of this tenant remove as much as Graph says is gone, once. */
export async function allowRemovals({ db, at }: TenantSql): Promise<void> {
  await raw`update tenantry.sync_cursors set removals_allowed = true, updated_at = ${at}`.execute(db)
}

/** Those of the tenants in which a delta link of one of these kinds is so old, and no older. */
export async function withOldLinks(
  { db, at }: FleetSql,
  {
    tenantIds,
    kinds,
    fromMilliseconds,
    toMilliseconds,
  }: {
    tenantIds: readonly TenantId[]
    kinds: readonly ResourceKind[]
    fromMilliseconds: number
    toMilliseconds: number
  },
): Promise<TenantId[]> {
  if (tenantIds.length === 0) return []
  await raw`select set_config('tenantry.tenant_ids', ${`{${tenantIds.join(',')}}`}, true)`.execute(db)
  const { rows } = await raw<{ tenant_id: TenantId }>`
    select distinct tenant_id from tenantry.sync_cursors
    where tenant_id = any(${[...tenantIds]}::uuid[]) and kind = any(${[...kinds]}::text[]) and delta_link is not null
      and delta_at < ${at} - make_interval(secs => ${fromMilliseconds / 1_000}::float8)
      and delta_at >= ${at} - make_interval(secs => ${toMilliseconds / 1_000}::float8)`.execute(db)
  return rows.map((row) => row.tenant_id)
}
