import { type RawBuilder, sql as raw } from 'kysely'
import type { GenerationId, RunId, TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import type { ResourceKind } from '#model/resource.ts'
import type { Trail } from '#model/trail.ts'
import type { FleetSql, TenantSql } from '#store/database/open.ts'
import { recordPage } from '#store/sync-runs.ts'

/** How far the reading of one kind of object has come in one tenant. */
export type Cursor = {
  kind: ResourceKind
  generation: GenerationId
  /** What the reading asks for, in short; null: before that was written down. */
  fingerprint: string | null
  /** The page to read next; null between two rounds. */
  nextLink: string | null
  /** Where to ask what has changed; null until the full reading has ended. */
  deltaLink: string | null
  /** When the last round ended; null until one has that asked for the same. */
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
  /** When its links were kept; null before they are. */
  keptAt: Date | null
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
  updated_at: Date
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
  keptAt: row.updated_at,
})

export async function listCursors({ db }: TenantSql): Promise<Cursor[]> {
  const { rows } = await raw<CursorRow>`select * from tenantry.sync_cursors`.execute(db)
  return rows.map(toCursor)
}

/** When the last round of a kind ended that asked for this; null: none has. */
export async function endOfRound(
  { db }: TenantSql,
  { kind, fingerprint }: { kind: ResourceKind; fingerprint: string },
): Promise<Date | null> {
  const { rows } = await raw<{ delta_at: Date | null }>`
    select delta_at from tenantry.sync_cursors where kind = ${kind} and fingerprint = ${fingerprint}`.execute(db)
  return rows[0]?.delta_at ?? null
}

/** How many people the tenant had when they were counted last, no further than its size asks for; 0 where nobody has yet. */
export async function countedPeople({ db }: TenantSql): Promise<number> {
  const { rows } = await raw<{ counted: number | null }>`
    select counted from tenantry.sync_cursors where kind = 'user'`.execute(db)
  return rows[0]?.counted ?? 0
}

/**
 * In the transaction that stores the page, so that a crash resumes at exactly the page it had reached.
 * @param options.goesOn whether the round goes on from a link that was kept: a cursor that was forgotten meanwhile, and what was
 *   stored by it, does not come back with the next page alone
 * @param options.linkIsNew whether Graph has just told where to ask what has changed since
 * @param options.allowanceUsed whether this round has removed what an operator allowed; else what he allows meanwhile stays
 * @throws Problem SYNC_STATE_LOST
 */
export async function saveCursor(
  { db, at, tenantId }: TenantSql,
  cursor: Cursor,
  {
    goesOn = false,
    linkIsNew = false,
    allowanceUsed = false,
  }: { goesOn?: boolean; linkIsNew?: boolean; allowanceUsed?: boolean } = {},
): Promise<void> {
  const { rows } = await raw<{ is_new: boolean }>`
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
      updated_at = excluded.updated_at
    where not ${goesOn}::boolean or tenantry.sync_cursors.generation = excluded.generation
    returning xmax = 0 as is_new`.execute(db)
  if (goesOn && rows[0]?.is_new !== false) throw forgotten(cursor.kind)
}

const forgotten = (kind: ResourceKind) =>
  new Problem({
    code: 'SYNC_STATE_LOST',
    owner: 'nobody',
    message: `What was read of the kind ${kind} was deleted while it was being read.`,
    nextStep: 'Everything of it is read anew, by itself.',
    retry: 'backoff',
    confidence: 'certain',
  })

/** The next round reads everything of the kind anew. */
export async function beginAgain({ db, at }: TenantSql, kind: ResourceKind): Promise<void> {
  await raw`
    update tenantry.sync_cursors
    set generation = gen_random_uuid(), next_link = null, delta_link = null, delta_at = null, updated_at = ${at}
    where kind = ${kind}`.execute(db)
}

export async function forgetCursor({ db }: TenantSql, kind: ResourceKind): Promise<void> {
  await raw`delete from tenantry.sync_cursors where kind = ${kind}`.execute(db)
}

/** What becomes of a cursor of the kinds in which nothing has changed. */
export const movedOn = (
  at: RawBuilder<unknown>,
  to: { deltaLink: RawBuilder<unknown>; allowanceUsed: RawBuilder<unknown>; runId: RawBuilder<unknown> },
): RawBuilder<unknown> => raw`
  delta_link = ${to.deltaLink}, delta_at = ${at}, removed_in_round = 0,
  removals_allowed = removals_allowed and not ${to.allowanceUsed}, finished_in_run = ${to.runId}, updated_at = ${at}`

/**
 * Moves on in the kinds in which nothing has changed, in a run that will not end well.
 * @throws Problem RUN_SUPERSEDED when another process has taken the run over
 */
export async function moveOn(sql: TenantSql, runId: RunId, unchanged: readonly Unchanged[]): Promise<void> {
  const { db, at } = sql
  for (const { kind, deltaLink, removalsAllowed } of unchanged) {
    await recordPage(sql, runId, { kind, count: 0 })
    const to = { deltaLink: raw`${deltaLink}`, allowanceUsed: raw`${removalsAllowed}::boolean`, runId: raw`${runId}` }
    await raw`update tenantry.sync_cursors set ${movedOn(at, to)} where kind = ${kind}`.execute(db)
  }
}

/** Lets the next run of this tenant remove as much of these kinds as Graph says is gone, once. */
export async function allowRemovals({ db }: TenantSql, kinds: readonly ResourceKind[]): Promise<void> {
  await raw`
    update tenantry.sync_cursors set removals_allowed = true
    where kind = any(${[...kinds]}::text[])`.execute(db)
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
