import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import type { AnySql, FleetSql } from '#store/database/open.ts'
import { storableJson } from '#store/database/storable.ts'

export type AuditEntry = {
  /** In the order in which they were written; a number that a program need not fit into its own. */
  id: string
  tenantId: TenantId | null
  at: Date
  /** administrator:{object id}, operator:{object id}, daemon, somebody. */
  actor: string
  action: string
  from: string | null
  to: string | null
  detail: Record<string, unknown>
}

/** One line that is never changed afterwards; no role may update it, or delete it before its time. */
export async function addAudit(
  { db, at }: AnySql,
  entry: Pick<AuditEntry, 'tenantId' | 'actor' | 'action'> & Partial<Pick<AuditEntry, 'from' | 'to' | 'detail'>>,
): Promise<void> {
  await raw`
    insert into tenantry.audit (tenant_id, at, actor, action, from_state, to_state, detail)
    values (${entry.tenantId}, ${at}, ${entry.actor}, ${entry.action}, ${entry.from ?? null}, ${entry.to ?? null},
      ${storableJson(entry.detail ?? {})}::jsonb)`.execute(db)
}

/** For so long a sign-up that was refused is told of; the policy of the table knows it, too. */
export const REFUSALS_KEPT_DAYS = 30
const AT_A_TIME = 10_000

/** Refused sign-ups, which concern nobody that we know, go in time; everything else is kept for good. */
export async function removeOldRefusals({ db, at }: FleetSql): Promise<void> {
  await raw`
    delete from tenantry.audit where id in (
      select id from tenantry.audit
      where action = 'sign-up.rejected' and tenant_id is null and at < ${at} - make_interval(hours => 24 * ${REFUSALS_KEPT_DAYS}::int)
      order by at limit ${AT_A_TIME})`.execute(db)
}

/** Permissions that were requested for a tenant, and of which it was never written down that they were applied since. */
export async function unsettledGrants({ db }: FleetSql, tenantId: TenantId): Promise<string[]> {
  const { rows } = await raw<{ permission: string }>`
    with requested as (
      select jsonb_array_elements_text(detail -> 'permissions') as permission, max(id) as id
      from tenantry.audit where tenant_id = ${tenantId} and action = 'grants.requested' group by 1)
    select permission from requested r
    where not exists (
      select from tenantry.audit a
      where a.tenant_id = ${tenantId} and a.action = 'grants.applied' and a.id > r.id
        and a.detail ->> 'permission' = r.permission)`.execute(db)
  return rows.map(({ permission }) => permission)
}

type Row = {
  id: string
  tenant_id: TenantId | null
  at: Date
  actor: string
  action: string
  from_state: string | null
  to_state: string | null
  detail: Record<string, unknown>
}

export type AuditQuery = {
  limit: number
  /** Only what was written before this entry. */
  before?: string | undefined
  /** Without the sign-ups that were refused, which anybody can cause as often as he likes. */
  withoutRefusals?: boolean
}

export type AuditPage = {
  entries: readonly AuditEntry[]
  /** What `before` is to be for the entries behind these; null where there are none. */
  next: string | null
}

export async function pageOfAudit(sql: AnySql, { limit, ...query }: AuditQuery): Promise<AuditPage> {
  const found = await listAudit(sql, { ...query, limit: limit + 1 })
  const entries = found.slice(0, limit)
  return { entries, next: found.length > limit ? (entries.at(-1)?.id ?? null) : null }
}

/** The latest first. */
export async function listAudit(
  { db }: AnySql,
  { limit, before, withoutRefusals = false }: AuditQuery,
): Promise<AuditEntry[]> {
  const { rows } = await raw<Row>`
    select *, id::text as id from tenantry.audit
    where (${before ?? null}::bigint is null or id < ${before ?? null}::bigint)
      ${withoutRefusals ? raw`and not (action = 'sign-up.rejected' and tenant_id is null)` : raw``}
    order by tenantry.audit.id desc limit ${limit}`.execute(db)
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    at: row.at,
    actor: row.actor,
    action: row.action,
    from: row.from_state,
    to: row.to_state,
    detail: row.detail,
  }))
}
