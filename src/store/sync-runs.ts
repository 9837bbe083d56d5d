import { sql as raw } from 'kysely'
import type { RunId, TenantId } from '#model/ids.ts'
import { type Diagnosis, Problem } from '#model/problem.ts'
import type { ResourceKind } from '#model/resource.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { AnySql, FleetSql, TenantSql } from '#store/open.ts'
import { storableJson } from '#store/storable.ts'

type Row = {
  id: RunId
  tenant_id: TenantId
  state: SyncRun['state']
  started_at: Date
  finished_at: Date | null
  pages: number
  users: number
  groups: number
  removed: number
  diagnosis: Diagnosis | null
}

const toRun = (row: Row): SyncRun => ({
  id: row.id,
  tenantId: row.tenant_id,
  state: row.state,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  pages: row.pages,
  users: row.users,
  groups: row.groups,
  removed: row.removed,
  diagnosis: row.diagnosis,
})

/** A run of this tenant that is still marked as running belonged to a process that died. */
export async function startRun(sql: TenantSql, { id }: { id: RunId }): Promise<void> {
  const { db, at, tenantId } = sql
  await endRun(sql)
  await raw`
    insert into tenantry.sync_runs (tenant_id, id, state, started_at) values (${tenantId}, ${id}, 'running', ${at})`.execute(
    db,
  )
  await raw`update tenantry.tenants set last_tried_at = ${at} where id = ${tenantId}`.execute(db)
}

/** Ends whatever run of this tenant is under way: from the end of this transaction on it writes nothing. */
export async function endRun({ db, at }: TenantSql): Promise<void> {
  await raw`
    update tenantry.sync_runs set state = 'interrupted', finished_at = ${at} where state = 'running'`.execute(db)
}

/**
 * Holds the run for the rest of the transaction. A worker that was thought dead and comes back must not write beside the
 * one that took its place: their rows would look unseen to each other, and be removed.
 * @throws Problem RUN_SUPERSEDED when the run has ended or another has begun
 */
export async function holdRun({ db }: TenantSql, id: RunId): Promise<void> {
  const { rows } =
    await raw`select 1 from tenantry.sync_runs where id = ${id} and state = 'running' for update`.execute(db)
  if (rows.length === 0) throw superseded()
}

const superseded = () =>
  new Problem({
    code: 'RUN_SUPERSEDED',
    owner: 'nobody',
    message: 'This run was ended, or another has taken its place.',
    nextStep: 'Nothing has to be done.',
    retry: 'never',
    confidence: 'certain',
  })

/** Counts a page, in the transaction that stores it. */
export async function recordPage(
  { db }: TenantSql,
  id: RunId,
  { kind, count }: { kind: ResourceKind; count: number },
): Promise<void> {
  await raw`
    update tenantry.sync_runs set
      pages = pages + 1,
      users = users + ${kind === 'user' ? count : 0}::int,
      groups = groups + ${kind === 'group' ? count : 0}::int
    where id = ${id}`.execute(db)
}

export async function finishRun(
  { db, at }: TenantSql,
  id: RunId,
  { state, removed, diagnosis }: { state: SyncRun['state']; removed: number; diagnosis: Diagnosis | null },
): Promise<void> {
  await raw`
    update tenantry.sync_runs set
      state = ${state}, finished_at = ${at}, removed = ${removed}, diagnosis = ${storableJson(diagnosis)}::jsonb
    where id = ${id} and state = 'running'`.execute(db)
}

export async function latestRun({ db }: TenantSql): Promise<SyncRun | null> {
  const { rows } = await raw<Row>`select * from tenantry.sync_runs order by started_at desc limit 1`.execute(db)
  return rows[0] ? toRun(rows[0]) : null
}

/** The latest first: of one tenant or of all, as the handle allows. */
export async function listRuns({ db }: AnySql, { limit }: { limit: number }): Promise<SyncRun[]> {
  const { rows } = await raw<Row>`select * from tenantry.sync_runs order by started_at desc limit ${limit}`.execute(db)
  return rows.map(toRun)
}

export async function interruptRuns({ db, at }: FleetSql, { startedBefore }: { startedBefore: Date }): Promise<void> {
  await raw`
    update tenantry.sync_runs set state = 'interrupted', finished_at = ${at}
    where state = 'running' and started_at < ${startedBefore}`.execute(db)
}
