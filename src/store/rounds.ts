import { sql as raw } from 'kysely'
import { gather } from '#base/gather.ts'
import type { RunId, TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import { diagnose } from '#model/problem.ts'
import { type TenantState, WORKING_STATES } from '#model/tenant.ts'
import { type Cursor, type CursorRow, movedOn, toCursor, type Unchanged } from '#store/cursors.ts'
import { asFleetFor, type FleetSql, type Store } from '#store/database/open.ts'
import { storableJson } from '#store/database/storable.ts'
import { noteEnds } from '#store/latest-ends.ts'

export type Begun = {
  state: TenantState
  run: { id: RunId; resumed: boolean }
  /** When that was, by the database’s clock. */
  at: Date
  cursors: readonly Cursor[]
}
type Beginning = { tenantId: TenantId; runId: RunId }
type Ending = Beginning & { unchanged: readonly Unchanged[] }

/** Beginning and end of tenants' runs: what many tenants want in the same moment is one transaction for all of them. */
export type Rounds = {
  /** As `startRun`. @returns null when the daemon does not work for the tenant */
  begin(wish: Beginning): Promise<Begun | null>
  /**
   * Ends a run well, and moves on in the kinds in which nothing has changed.
   * @returns false when another process has taken the run over: then nothing was written
   */
  succeed(wish: Ending): Promise<boolean>
}

/** Nobody waits for the end of a run but the queue. */
const LULL_MILLISECONDS = 40

export function openRounds(store: Store): Rounds {
  const inOne =
    <Wish extends Beginning, Answer>(work: (sql: FleetSql, wishes: readonly Wish[]) => Promise<readonly Answer[]>) =>
    (wishes: readonly Wish[]): Promise<readonly Answer[]> =>
      asFleetFor(
        store,
        wishes.map(({ tenantId }) => tenantId),
        (sql) => work(sql, wishes),
      )
  const ofTenant = ({ tenantId }: Beginning): string => tenantId
  // Whether a commit that was broken off was kept, nobody knows. Everything else was undone: one of them spoils nothing for the others.
  const mayAskAgain = (error: unknown) => diagnose(error).code !== 'DATABASE_UNREACHABLE'
  const together = gather(ofTenant, inOne(beginRuns), { mayAskAgain })
  return {
    async begin(wish) {
      const begun = await together(wish)
      // Whoever waits for one tenant, which somebody has locked, holds up no other.
      return begun === 'locked' ? ((await inOne(beginAlone)([wish]))[0] as Begun | null) : begun
    },
    succeed: gather(ofTenant, inOne(endRuns), { mayAskAgain, lullMilliseconds: LULL_MILLISECONDS }),
  }
}

type Found = { id: TenantId; state: TenantState; now: Date }

/** The tenants are locked in a statement of their own: the next one sees what whoever held them has written. */
const lockTenants = async ({ db, at }: FleetSql, wishes: readonly Beginning[], waits: boolean): Promise<Found[]> => {
  const { rows } = await raw<Found>`
    select id, state, ${at} as now from tenantry.tenants where id = any(${wishes.map(({ tenantId }) => tenantId)}::uuid[])
    order by id for no key update ${waits ? raw`` : raw`skip locked`}`.execute(db)
  return rows
}

/** Of whom somebody else has locked, and of whom nobody knows, it is told in the end whether they can be begun at all. */
async function beginRuns(sql: FleetSql, wishes: readonly Beginning[]): Promise<(Begun | null | 'locked')[]> {
  const found = await lockTenants(sql, wishes, false)
  const known = new Set(found.map(({ id }) => id))
  const begun = await begin(sql, wishes, found)
  return wishes.map(({ tenantId }, index) => (known.has(tenantId) ? (begun[index] ?? null) : 'locked'))
}

const beginAlone = async (sql: FleetSql, wishes: readonly Beginning[]): Promise<(Begun | null)[]> =>
  begin(sql, wishes, await lockTenants(sql, wishes, true))

/** Tenants, then runs, each in the order of their ids, so that two processes never wait for each other. */
async function begin(
  { db, at }: FleetSql,
  wishes: readonly Beginning[],
  locked: readonly Found[],
): Promise<(Begun | null)[]> {
  const working = new Map(
    locked.filter(({ state }) => WORKING_STATES.includes(state)).map(({ id, ...tenant }) => [id, tenant]),
  )
  const wanted = wishes.filter(({ tenantId }) => working.has(tenantId))
  if (wanted.length === 0) return wishes.map(() => null)
  const found = wanted.map(({ tenantId }) => tenantId)
  const { rows } = await raw<BegunRow>`
    with unfinished as materialized (
      select tenant_id, id, state from tenantry.sync_runs
      where tenant_id = any(${found}::uuid[]) and job = ${DIRECTORY_SYNC} and state in ('running', 'waiting')
      order by tenant_id, id for no key update
    ), fenced_off as (
      update tenantry.sync_runs run set state = 'interrupted', finished_at = ${at}
      from unfinished where unfinished.state = 'running' and run.tenant_id = unfinished.tenant_id and run.id = unfinished.id
      returning 1
    ), resumed as (
      update tenantry.sync_runs run set state = 'running', diagnosis = null
      from unfinished where unfinished.state = 'waiting' and run.tenant_id = unfinished.tenant_id and run.id = unfinished.id
      returning run.tenant_id, run.id
    ), tried as (
      update tenantry.tenants set last_tried_at = ${at}, rest_until = null where id = any(${found}::uuid[])
    ), begun as (
      insert into tenantry.sync_runs (tenant_id, id, job, state, started_at)
      select tenant_id, run_id, ${DIRECTORY_SYNC}, 'running', ${at}
      from unnest(${found}::uuid[], ${wanted.map(({ runId }) => runId)}::uuid[]) as wanted (tenant_id, run_id)
      where tenant_id not in (select tenant_id from resumed)
        -- Not before the one that was fenced off is over: there is never more than one.
        and (select count(*) from fenced_off) >= 0
    ), standing as (
      select tenant_id, json_agg(cursors) as cursors from tenantry.sync_cursors cursors
      where tenant_id = any(${found}::uuid[]) group by tenant_id
    )
    select tenant_id, resumed.id as resumed, cursors from standing full join resumed using (tenant_id)`.execute(db)
  const known = new Map(rows.map((row) => [row.tenant_id, row]))
  return wishes.map(({ tenantId, runId }) => {
    const tenant = working.get(tenantId)
    return tenant ? toBegun(tenant, runId, known.get(tenantId)) : null
  })
}

/** Of a tenant that has a run to go on with, or a cursor. */
type BegunRow = {
  tenant_id: TenantId
  resumed: RunId | null
  cursors: (Omit<CursorRow, 'delta_at' | 'updated_at'> & { delta_at: string | null; updated_at: string })[] | null
}

const toBegun = (
  { state, now }: { state: TenantState; now: Date },
  runId: RunId,
  known: BegunRow | undefined,
): Begun => ({
  state,
  at: now,
  run: { id: known?.resumed ?? runId, resumed: Boolean(known?.resumed) },
  cursors: (known?.cursors ?? []).map((row) =>
    toCursor({
      ...row,
      delta_at: row.delta_at ? new Date(row.delta_at) : null,
      updated_at: new Date(row.updated_at),
    }),
  ),
})

/** Only of runs that are still ours. */
async function endRuns({ db, at }: FleetSql, wishes: readonly Ending[]): Promise<boolean[]> {
  const moved = wishes.flatMap(({ tenantId, unchanged }) =>
    unchanged.map(({ kind, deltaLink, removalsAllowed }) => ({
      tenant_id: tenantId,
      kind,
      delta_link: deltaLink,
      allowed: removalsAllowed,
    })),
  )
  const { rows } = await raw<{ tenant_id: TenantId }>`
    with ours as materialized (
      select run.tenant_id, run.job, run.id, ended.pages
      from unnest(${wishes.map(({ tenantId }) => tenantId)}::uuid[], ${wishes.map(({ runId }) => runId)}::uuid[],
        ${wishes.map(({ unchanged }) => unchanged.length)}::integer[]) as ended (tenant_id, run_id, pages)
      join tenantry.sync_runs run on run.tenant_id = ended.tenant_id and run.id = ended.run_id
      where run.state = 'running' order by run.tenant_id for no key update of run
    ), finished as (
      update tenantry.sync_runs run set state = 'succeeded', finished_at = ${at}, pages = run.pages + ours.pages
      from ours where run.tenant_id = ours.tenant_id and run.id = ours.id
    ), noted as (${noteEnds(raw`ours`, { state: 'succeeded', diagnosis: null, at })}
    ), moved as (
      update tenantry.sync_cursors cursor set ${movedOn(at, { deltaLink: raw`one.delta_link`, allowanceUsed: raw`one.allowed`, runId: raw`ours.id` })}
      from jsonb_to_recordset(${storableJson(moved)}::jsonb)
        as one(tenant_id uuid, kind text, delta_link text, allowed boolean)
      join ours on ours.tenant_id = one.tenant_id
      where cursor.tenant_id = one.tenant_id and cursor.kind = one.kind
    )
    select tenant_id from ours`.execute(db)
  const ours = new Set(rows.map(({ tenant_id }) => tenant_id))
  return wishes.map(({ tenantId }) => ours.has(tenantId))
}
