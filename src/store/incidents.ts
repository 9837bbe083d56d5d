import { randomUUID } from 'node:crypto'
import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import type { Incident, IncidentId } from '#model/incident.ts'
import { LOOKED_AT } from '#model/incident.ts'
import type { Diagnosis, ProblemCode } from '#model/problem.ts'
import type { AnySql, FleetSql } from '#store/database/open.ts'
import { storableJson } from '#store/database/storable.ts'

type Row = {
  id: IncidentId
  tenant_id: TenantId | null
  code: ProblemCode
  diagnosis: Diagnosis
  holds: boolean
  hosts: Record<string, string>
  times: number
  opened_at: Date
  last_at: Date
  closed_at: Date | null
  closed_by: string | null
}

const toIncident = (row: Row): Incident => ({
  id: row.id,
  tenantId: row.tenant_id,
  code: row.code,
  diagnosis: row.diagnosis,
  holds: row.holds,
  hosts: Object.keys(row.hosts).toSorted(),
  times: row.times,
  openedAt: row.opened_at,
  lastAt: row.last_at,
  closedAt: row.closed_at,
  closedBy: row.closed_by,
})

/**
 * Opens an incident, or counts it once more while it is open.
 * @param input.again whether somebody is to be told anew of one that is open already
 */
export async function openIncident(
  { db, at }: FleetSql,
  {
    tenantId,
    diagnosis,
    holds,
    again = false,
  }: { tenantId: TenantId | null; diagnosis: Diagnosis; holds: boolean; again?: boolean },
): Promise<{ incident: Incident; isNew: boolean }> {
  const id = randomUUID() as IncidentId
  const { rows } = await raw<Row>`
    insert into tenantry.incidents as i (id, tenant_id, code, diagnosis, holds, opened_at, last_at)
    values (${id}, ${tenantId}, ${diagnosis.code}, ${storableJson(diagnosis)}::jsonb, ${holds}, ${at}, ${at})
    on conflict (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), code) where closed_at is null
    do update set times = i.times + 1, last_at = excluded.last_at, diagnosis = excluded.diagnosis,
      alerted_at = case when ${again} then null else i.alerted_at end
    returning *`.execute(db)
  const incident = toIncident(rows[0] as Row)
  return { incident, isNew: incident.id === id }
}

/**
 * The open ones first, of them those for all tenants, then the latest: however many tenants have one, what holds the work
 * is among them. `concerning`: those about this tenant, and those that keep everybody's work from all machines or from some.
 */
export async function listIncidents(
  { db }: AnySql,
  { limit = 100, open, concerning }: { limit?: number; open?: boolean; concerning?: TenantId } = {},
): Promise<Incident[]> {
  const { rows } = await raw<Row>`
    select * from tenantry.incidents where ${open === undefined ? raw`true` : open ? raw`closed_at is null` : raw`closed_at is not null`}
      and (${concerning ?? null}::uuid is null or tenant_id = ${concerning ?? null} or holds or hosts <> '{}')
    order by (closed_at is not null), (closed_at is null and tenant_id is null) desc, opened_at desc limit ${limit}`.execute(
    db,
  )
  return rows.map(toIncident)
}

export type IncidentCount = { code: ProblemCode; incidents: number }

/** How many of each kind are open. */
export async function countOpenIncidents({ db }: FleetSql): Promise<IncidentCount[]> {
  const { rows } = await raw<IncidentCount>`
    select code, count(*)::int as incidents from tenantry.incidents where closed_at is null group by 1 order by 1`.execute(
    db,
  )
  return rows
}

/** @returns null when there is no such incident */
export async function closeIncident({ db, at }: FleetSql, id: IncidentId, by: string): Promise<Incident | null> {
  const { rows } = await raw<Row>`
    update tenantry.incidents set closed_at = coalesce(closed_at, ${at}), closed_by = coalesce(closed_by, ${by})
    where id::text = ${id} returning *`.execute(db)
  return rows[0] ? toIncident(rows[0]) : null
}

/** Whether the work is held for everybody. */
export async function isHeld({ db }: AnySql): Promise<boolean> {
  const { rows } = await raw`select 1 from tenantry.incidents where closed_at is null and holds limit 1`.execute(db)
  return rows.length > 0
}

/** Whether a person has said in the last hours that this is not the fleet's trouble. */
export async function wasClosedByPerson(
  { db, at }: AnySql,
  { code, hours }: { code: ProblemCode; hours: number },
): Promise<boolean> {
  const { rows } = await raw`
    select 1 from tenantry.incidents
    where tenant_id is null and code = ${code} and closed_at > ${at} - make_interval(hours => ${hours}::int)
      and closed_by <> 'daemon' limit 1`.execute(db)
  return rows.length > 0
}

/** What a person has closed among them, of any code or of this one: the latest. */
export async function findClosedByPerson(
  { db }: AnySql,
  { ids, code = null }: { ids: readonly IncidentId[]; code?: ProblemCode | null },
): Promise<Incident | null> {
  const { rows } = await raw<Row>`
    select * from tenantry.incidents
    where id = any(${[...ids]}::uuid[]) and closed_by <> 'daemon' and (${code}::text is null or code = ${code})
    order by closed_at desc limit 1`.execute(db)
  return rows[0] ? toIncident(rows[0]) : null
}

/** Those that nobody was told of yet, the first ones first. */
export async function listUntold({ db }: AnySql): Promise<Incident[]> {
  const { rows } = await raw<Row>`
    select * from tenantry.incidents where closed_at is null and alerted_at is null order by opened_at`.execute(db)
  return rows.map(toIncident)
}

/** Only once it was: whoever dies in between tells it a second time, not never. A machine that has come meanwhile is to be told of. */
export async function markTold({ db, at }: FleetSql, { id, hosts }: Incident): Promise<void> {
  await raw`
    update tenantry.incidents set alerted_at = ${at}
    where id = ${id} and array(select jsonb_object_keys(hosts)) <@ ${[...hosts]}::text[]`.execute(db)
}

/** How the last run of each of the tenants that ended one lately went: bounded, whatever the fleet’s size. */
export async function lastEndings(
  { db }: FleetSql,
  { since, code }: { since: Date; code: ProblemCode },
): Promise<{ same: number; lookedAt: number; tenantIds: TenantId[] }> {
  const { rows } = await raw<{ tenant_id: TenantId; same: boolean }>`
    select tenant_id, same from (
      select distinct on (tenant_id) tenant_id, finished_at,
        state = 'failed' and diagnosis->>'code' = ${code} as same
      from (
        select tenant_id, state, diagnosis, finished_at from tenantry.sync_runs
        where started_at >= ${since} and state in ('succeeded', 'failed') and finished_at is not null
        order by started_at desc limit ${LOOKED_AT * 5}
      ) lately
      order by tenant_id, finished_at desc
    ) latest order by finished_at desc limit ${LOOKED_AT}`.execute(db)
  const same = rows.filter((row) => row.same)
  return { same: same.length, lookedAt: rows.length, tenantIds: same.map((row) => row.tenant_id) }
}

/** The tenants that were taken for revoked since then, for this reason, in the order in which whoever takes several takes them. */
export async function revokedSince(
  { db }: FleetSql,
  { since, code }: { since: Date; code: ProblemCode },
): Promise<TenantId[]> {
  const { rows } = await raw<{ id: TenantId }>`
    select id from tenantry.tenants
    where state = 'revoked' and updated_at >= ${since} and diagnosis->>'code' = ${code} order by id`.execute(db)
  return rows.map((row) => row.id)
}
