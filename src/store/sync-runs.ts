import { sql as raw } from 'kysely'
import type { RunId, TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { type Diagnosis, Problem } from '#model/problem.ts'
import { countsOf, type ResourceKind } from '#model/resource.ts'
import type { SyncRun } from '#model/sync-run.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import type { AnySql, FleetSql, TenantSql } from '#store/database/open.ts'
import { storable, storableJson } from '#store/database/storable.ts'
import { noteEnds } from '#store/latest-ends.ts'

type Row = Omit<SyncRun, 'tenantId' | 'startedAt' | 'finishedAt' | 'counts' | 'users' | 'groups'> & {
  tenant_id: TenantId
  started_at: Date
  finished_at: Date | null
  /** Only of kinds of which some were written. */
  counts: Record<string, number>
}

const toRun = (row: Row): SyncRun => ({
  id: row.id,
  tenantId: row.tenant_id,
  job: row.job,
  state: row.state,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  pages: row.pages,
  counts: countsOf(row.counts),
  users: row.counts.user ?? 0,
  groups: row.counts.group ?? 0,
  removed: row.removed,
  progress: row.progress,
  diagnosis: row.diagnosis,
})

/**
 * Begins a run, or goes on with the one that waits. A run of the same job that is still marked as running belonged to a
 * process that died or fell silent: it is fenced off, and its next page finds that out. Whoever begins one has locked the
 * tenant before (`lockTenant`): of two at the same moment the later one sees the run of the earlier.
 * @returns the run's id and whether it goes on
 */
export async function startRun(
  { db, at, tenantId }: TenantSql,
  { id, job = DIRECTORY_SYNC }: { id: RunId; job?: string },
): Promise<{ id: RunId; resumed: boolean }> {
  await raw`
    update tenantry.sync_runs set state = 'interrupted', finished_at = ${at}
    where job = ${job} and state = 'running'`.execute(db)
  if (job === DIRECTORY_SYNC)
    await raw`update tenantry.tenants set last_tried_at = ${at}, rest_until = null where id = ${tenantId}`.execute(db)
  const { rows } = await raw<{ id: RunId }>`
    update tenantry.sync_runs set state = 'running', diagnosis = null where job = ${job} and state = 'waiting' returning id`.execute(
    db,
  )
  if (rows[0]) return { id: rows[0].id, resumed: true }
  await raw`
    insert into tenantry.sync_runs (tenant_id, id, job, state, started_at)
    values (${tenantId}, ${id}, ${job}, 'running', ${at})`.execute(db)
  return { id, resumed: false }
}

/** Ends whatever runs of this tenant are under way or waiting: from the end of this transaction on they write nothing. */
export async function endRun({ db, at }: TenantSql): Promise<void> {
  await raw`
    update tenantry.sync_runs set state = 'interrupted', finished_at = ${at}, diagnosis = null
    where state in ('running', 'waiting')`.execute(db)
}

/**
 * Holds the run until the transaction ends: nobody can take it over before then.
 * @throws Problem RUN_SUPERSEDED when another process has taken it over
 */
export async function holdRun({ db }: TenantSql, id: RunId): Promise<void> {
  const { rows } = await raw`
    select 1 from tenantry.sync_runs where id = ${id} and state = 'running' for no key update`.execute(db)
  if (rows.length === 0) throw superseded()
}

/** Whether nobody has taken the run over or ended it. */
export async function isOurs({ db }: TenantSql, id: RunId): Promise<boolean> {
  const { rows } = await raw`select 1 from tenantry.sync_runs where id = ${id} and state = 'running'`.execute(db)
  return rows.length > 0
}

/** @throws Problem RUN_SUPERSEDED */
export async function recordProgress({ db }: TenantSql, id: RunId, text: string): Promise<void> {
  const { numAffectedRows } = await raw`
    update tenantry.sync_runs set progress = ${storable(text)} where id = ${id} and state = 'running'`.execute(db)
  if (numAffectedRows === 0n) throw superseded()
}

/**
 * Counts pages, in the transaction that stores them.
 * @throws Problem RUN_SUPERSEDED when another process has taken the run over; they are not stored then
 */
export async function recordPage(
  { db, at }: TenantSql,
  id: RunId,
  { kind, count, pages = 1, removed = 0 }: { kind: ResourceKind; count: number; pages?: number; removed?: number },
): Promise<void> {
  const { numAffectedRows } = await raw`
    update tenantry.sync_runs set
      pages = pages + ${pages}::int,
      counts = ${count === 0 ? raw`counts` : raw`counts || jsonb_build_object(${kind}::text, coalesce((counts->>${kind}::text)::int, 0) + ${count}::int)`},
      removed = removed + ${removed}::int,
      waits = 0, got_on_at = ${at}
    where id = ${id} and state = 'running'`.execute(db)
  if (numAffectedRows === 0n) throw superseded()
}

/** It got on, with something else than a page. */
export async function recordGettingOn({ db, at }: TenantSql, id: RunId): Promise<void> {
  await raw`update tenantry.sync_runs set waits = 0, got_on_at = ${at} where id = ${id}`.execute(db)
}

/**
 * The run makes room, or was put off by Graph; whoever takes the tenant next goes on with it.
 * @param input.refused what Graph said when it put it off; null where it makes room for others
 * @returns how often Graph has put it off since it last got on, and how long ago that was
 * @throws Problem RUN_SUPERSEDED
 */
export async function letRunWait(
  { db, at }: TenantSql,
  id: RunId,
  { refused }: { refused: Diagnosis | null },
): Promise<{ waits: number; hours: number }> {
  const { rows } = await raw<{ waits: number; hours: number }>`
    update tenantry.sync_runs set state = 'waiting', waits = waits + ${refused ? 1 : 0}::int,
      diagnosis = ${storableJson(refused)}::jsonb
    where id = ${id} and state = 'running' returning waits, extract(epoch from ${at} - coalesce(got_on_at, started_at))::float8 / 3600 as hours`.execute(
    db,
  )
  if (!rows[0]) throw superseded()
  return rows[0]
}

/** @returns false when another process has taken the run over, or ended it: then nothing was written */
export async function finishRun(
  { db, at }: TenantSql,
  id: RunId,
  { state, diagnosis }: { state: 'succeeded' | 'failed' | 'interrupted'; diagnosis: Diagnosis | null },
): Promise<boolean> {
  const noted = state === 'interrupted' ? raw`` : raw`, noted as (${noteEnds(raw`ended`, { state, diagnosis, at })})`
  const { rows } = await raw`
    with ended as (
      update tenantry.sync_runs set
        state = ${state}, finished_at = ${at}, diagnosis = ${storableJson(diagnosis)}::jsonb
      where id = ${id} and state = 'running' returning tenant_id, job
    )${noted}
    select 1 from ended`.execute(db)
  return rows.length > 0
}

export const superseded = () =>
  new Problem({
    code: 'RUN_SUPERSEDED',
    owner: 'nobody',
    message: 'Another process has taken this tenant’s run over.',
    nextStep: 'Nothing was stored; the other process goes on.',
    retry: 'never',
    confidence: 'certain',
  })

export async function latestRun({ db }: TenantSql, job: string = DIRECTORY_SYNC): Promise<SyncRun | null> {
  const { rows } = await raw<Row>`
    select * from tenantry.sync_runs where job = ${job} order by started_at desc limit 1`.execute(db)
  return rows[0] ? toRun(rows[0]) : null
}

/** The latest first: of one tenant or of all, as the handle allows; of the directory or of the app's own jobs only when told. */
export async function listRuns(
  { db }: AnySql,
  { limit, of }: { limit: number; of?: 'directory' | 'own-jobs' },
): Promise<SyncRun[]> {
  const which =
    of === undefined ? raw`true` : of === 'directory' ? raw`job = ${DIRECTORY_SYNC}` : raw`job <> ${DIRECTORY_SYNC}`
  const { rows } = await raw<Row>`
    select * from tenantry.sync_runs where ${which} order by started_at desc limit ${limit}`.execute(db)
  return rows.map(toRun)
}

/**
 * Of these, whose job has begun and succeeded since. What was under way already counts for nothing: so only the latest runs of
 * a job are looked at, by the index that is sorted by their beginnings, and not all that are kept.
 */
export async function haveSucceeded(
  { db }: FleetSql,
  wanted: readonly { id: string; tenantId: TenantId; job: string; since: Date }[],
): Promise<string[]> {
  const { rows } = await raw<{ id: string }>`
    select one.id from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
      as one(id text, "tenantId" uuid, job text, since timestamptz)
    where exists (select 1 from tenantry.sync_runs run where run.tenant_id = one."tenantId" and run.job = one.job
      and run.state = 'succeeded' and run.started_at > one.since)`.execute(db)
  return rows.map(({ id }) => id)
}

/** `version`: what was written last about it. */
export type Unended = { id: RunId; tenantId: TenantId; job: string; state: 'running' | 'waiting'; version: string }

/**
 * Those that are under way, or whose process died at it; and those that wait although no turn of theirs comes: of a job that is
 * none of these, or in a tenant that the daemon does not work for.
 */
export async function listUnended({ db }: FleetSql, { jobs }: { jobs: readonly string[] }): Promise<Unended[]> {
  const { rows } = await raw<Pick<Row, 'id' | 'tenant_id' | 'job'> & Pick<Unended, 'state' | 'version'>>`
    select id, tenant_id, job, state, xmin::text as version from tenantry.sync_runs run
    where state = 'running' or state = 'waiting' and (job <> all(${[...jobs]}::text[]) or not exists (
      select from tenantry.tenants t where t.id = run.tenant_id and t.state = any(${[...WORKING_STATES]})))`.execute(db)
  return rows.map(({ tenant_id, ...run }) => ({ ...run, tenantId: tenant_id }))
}

/** Ends these, but none of which anything was written since it was listed: it may wait by now, or have been gone on with. */
export async function interruptRuns({ db, at }: FleetSql, runs: readonly Unended[]): Promise<void> {
  const listed = JSON.stringify(runs.map(({ id, tenantId, state, version }) => ({ id, tenantId, state, version })))
  await raw`
    update tenantry.sync_runs run set state = 'interrupted', finished_at = ${at}
    from jsonb_to_recordset(${listed}::jsonb) as one(id uuid, "tenantId" uuid, state text, version text)
    where run.tenant_id = one."tenantId" and run.id = one.id and run.state = one.state and run.xmin::text = one.version`.execute(
    db,
  )
}

/** For so long a run that is over is told of. */
export const RUNS_KEPT_DAYS = 30

/** How far the old runs were looked at: those that stay are not looked at again. */
export type OldRunsMark = { startedAt: string; id: RunId }

/**
 * Looks at some of the runs that are over and too old, the oldest first, and removes them; of each tenant and job the latest
 * stays, and the latest that went well. Each is looked up by itself: left to choose, PostgreSQL reads all runs to find some.
 * @param options.after goes on behind what was looked at last
 * @returns where it has come to; null when no more are left
 */
export async function removeOldRuns(
  { db, at }: FleetSql,
  { limit, after }: { limit: number; after: OldRunsMark | null },
): Promise<OldRunsMark | null> {
  const behind = after ? raw`(started_at, id) > (${after.startedAt}::timestamptz, ${after.id}::uuid)` : raw`true`
  const { rows } = await raw<{ started_at: string; id: RunId; looked_at: number }>`
    with old as materialized (
      select tenant_id, id, job, state, started_at, ctid as place from tenantry.sync_runs
      where started_at < ${at} - make_interval(hours => 24 * ${RUNS_KEPT_DAYS}::int) and ${behind}
      order by started_at, id limit ${limit}
    ), removed as (
      delete from tenantry.sync_runs run using (
        select old.place from old cross join lateral (
          select 1 from tenantry.sync_runs later
          where later.tenant_id = old.tenant_id and later.job = old.job and later.started_at > old.started_at
            and (old.state <> 'succeeded' or later.state = 'succeeded') limit 1) it
        where old.state not in ('running', 'waiting')) gone
      where run.ctid = gone.place
    )
    select started_at::text, id, (count(*) over ())::int as looked_at from old
    order by old.started_at desc, id desc limit 1`.execute(db)
  const [last] = rows
  return last && last.looked_at >= limit ? { startedAt: last.started_at, id: last.id } : null
}
