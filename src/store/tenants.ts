import { sql as raw } from 'kysely'
import type { ObjectId, TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { Tries } from '#model/next-try.ts'
import type { Diagnosis } from '#model/problem.ts'
import { assertMove, type Tenant, type TenantState, WORKING_STATES } from '#model/tenant.ts'
import { addAudit } from '#store/audit.ts'
import type { AnySql, FleetSql, TenantSql } from '#store/database/open.ts'
import { storable, storableJson } from '#store/database/storable.ts'
import { endPutOffs, scheduleTenant, unscheduleTenant } from '#store/job-schedules.ts'

export type TenantRow = {
  id: TenantId
  display_name: string
  default_domain: string | null
  service_principal_id: ObjectId | null
  state: TenantState
  diagnosis: Diagnosis | null
  connected_at: Date | null
  created_at: Date
  updated_at: Date
}

export const toTenant = (row: TenantRow): Tenant => ({
  id: row.id,
  displayName: row.display_name,
  defaultDomain: row.default_domain,
  servicePrincipalId: row.service_principal_id,
  state: row.state,
  diagnosis: row.diagnosis,
  connectedAt: row.connected_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export async function findTenant({ db }: AnySql, id: TenantId): Promise<Tenant | null> {
  const { rows } = await raw<TenantRow>`select * from tenantry.tenants where id = ${id}`.execute(db)
  return rows[0] ? toTenant(rows[0]) : null
}

/** The same, and until the transaction ends nobody else begins work in it or changes its state. */
export async function lockTenant({ db }: AnySql, id: TenantId): Promise<Tenant | null> {
  const { rows } = await raw<TenantRow>`
    select * from tenantry.tenants where id = ${id} for no key update`.execute(db)
  return rows[0] ? toTenant(rows[0]) : null
}

export async function triesOf({ db, tenantId }: TenantSql): Promise<Tries> {
  const { rows } = await raw<{ last_tried_at: Date | null; rest_until: Date | null; due_at: Date | null }>`
    select last_tried_at, rest_until,
      (select due_at from tenantry.job_schedules where tenant_id = ${tenantId} and job = ${DIRECTORY_SYNC})
    from tenantry.tenants where id = ${tenantId}`.execute(db)
  const { last_tried_at: triedAt = null, rest_until: restUntil = null, due_at: dueAt = null } = rows[0] ?? {}
  return { triedAt, restUntil, dueAt }
}

/** Leaves its directory alone for so long; null: not any longer. The next try ends it, too, whoever asks for one. */
export async function letRest({ db, at, tenantId }: TenantSql, minutes: number | null): Promise<void> {
  await raw`
    update tenantry.tenants set rest_until = ${at} + make_interval(mins => ${minutes}::int) where id = ${tenantId}`.execute(
    db,
  )
}

/** Tenants that the daemon works for, those that were tried last first. */
export async function workingTenants(
  { db }: FleetSql,
  { except, limit }: { except: readonly TenantId[]; limit: number },
): Promise<TenantId[]> {
  const { rows } = await raw<{ id: TenantId }>`
    select id from tenantry.tenants where state = any(${[...WORKING_STATES]}) and id <> all(${[...except]}::uuid[])
    order by last_tried_at desc nulls last, id limit ${limit}`.execute(db)
  return rows.map((row) => row.id)
}

/** Which of these were ended from our side. */
export async function offboardedOf({ db }: FleetSql, ids: readonly TenantId[]): Promise<TenantId[]> {
  const { rows } = await raw<{ id: TenantId }>`
    select id from tenantry.tenants where id = any(${[...ids]}::uuid[]) and state = 'offboarded'`.execute(db)
  return rows.map((row) => row.id)
}

/** In the order of their names; `after` continues behind that tenant. */
export async function listTenants(
  { db }: FleetSql,
  { state, search, limit = 100, after }: { state?: TenantState; search?: string; limit?: number; after?: TenantId },
): Promise<Tenant[]> {
  const pattern = search ? `%${storable(search).replace(/[\\%_]/g, '\\$&')}%` : null
  const { rows } = await raw<TenantRow>`
    select * from tenantry.tenants
    where (${state ?? null}::text is null or state = ${state ?? null})
      and (${pattern}::text is null or display_name ilike ${pattern} or default_domain ilike ${pattern} or id::text ilike ${pattern})
      and (${after ?? null}::uuid is null or (lower(display_name), id) >
        (select lower(display_name), id from tenantry.tenants where id = ${after ?? null}))
    order by lower(display_name), id
    limit ${limit}`.execute(db)
  return rows.map(toTenant)
}

export async function countTenantsByState({ db }: FleetSql): Promise<Partial<Record<TenantState, number>>> {
  const { rows } = await raw<{ state: TenantState; count: number }>`
    select state, count(*)::int as count from tenantry.tenants group by state`.execute(db)
  return Object.fromEntries(rows.map((row) => [row.state, row.count]))
}

/**
 * Makes the tenant active, whether it is new or comes back. Its id is its primary key and never changes; whatever it had
 * stored is still there.
 */
export async function connectTenant(
  sql: TenantSql,
  tenant: { displayName: string; defaultDomain: string | null; servicePrincipalId: ObjectId; actor: string },
): Promise<void> {
  const { db, at, tenantId } = sql
  const known = await lockTenant(sql, tenantId)
  if (known) assertMove(known.state, known.state === 'offboarded' ? 'verifying' : 'active')
  await raw`
    insert into tenantry.tenants (id, display_name, default_domain, service_principal_id, state, connected_at, created_at, updated_at)
    values (${tenantId}, ${storable(tenant.displayName)}, ${tenant.defaultDomain}, ${tenant.servicePrincipalId}, 'active', ${at}, ${at}, ${at})
    on conflict (id) do update set
      display_name = excluded.display_name,
      default_domain = excluded.default_domain,
      service_principal_id = excluded.service_principal_id,
      state = 'active',
      diagnosis = null,
      connected_at = excluded.connected_at,
      updated_at = excluded.updated_at,
      last_tried_at = null,
      rest_until = null`.execute(db)
  await scheduleTenant(sql, tenantId)
  await endPutOffs(sql, tenantId)
  await addAudit(sql, {
    tenantId,
    actor: tenant.actor,
    action: 'tenant.connected',
    from: known?.state ?? null,
    to: 'active',
  })
}

/**
 * Moves a tenant along the table of moves, writes the audit row with it, and plans its jobs or stops planning them.
 * @throws Problem STATE_MOVE_REFUSED
 */
export async function moveTenant(
  sql: FleetSql,
  {
    id,
    to,
    actor,
    reason,
    diagnosis,
  }: { id: TenantId; to: TenantState; actor: string; reason: string; diagnosis: Diagnosis | null },
): Promise<void> {
  const { rows } = await raw<TenantRow>`select * from tenantry.tenants where id = ${id} for update`.execute(sql.db)
  const from = rows[0]?.state
  if (!from) return
  assertMove(from, to)
  await raw`
    update tenantry.tenants set state = ${to}, diagnosis = ${storableJson(diagnosis)}::jsonb, updated_at = ${sql.at} where id = ${id}`.execute(
    sql.db,
  )
  await (WORKING_STATES.includes(to) ? scheduleTenant : unscheduleTenant)(sql, id)
  await addAudit(sql, { tenantId: id, actor, action: 'tenant.moved', from, to, detail: { reason } })
}

/**
 * Takes the tenants in `states` whose last try is so long ago, and whose state is not older, and marks them as tried, so
 * that two planners never take the same one. An index finds them: the cost is that of what is due.
 */
export async function takeTenantsDue(
  { db, at }: FleetSql,
  {
    states,
    triedBeforeDays,
    changedWithinDays,
    limit,
  }: { states: readonly TenantState[]; triedBeforeDays: number; changedWithinDays: number; limit: number },
): Promise<TenantId[]> {
  const { rows } = await raw<{ id: TenantId }>`
    update tenantry.tenants set last_tried_at = ${at}
    where id in (
      select id from tenantry.tenants
      where state = any(${[...states]})
        and (last_tried_at is null or last_tried_at < ${at} - make_interval(hours => 24 * ${triedBeforeDays}::int))
        and (rest_until is null or rest_until <= ${at})
        and updated_at > ${at} - make_interval(hours => 24 * ${changedWithinDays}::int)
      order by last_tried_at nulls first limit ${limit} for update skip locked)
    returning id`.execute(db)
  return rows.map((row) => row.id)
}
