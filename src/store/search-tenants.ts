import { type RawBuilder, sql as raw } from 'kysely'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { Owner, ProblemCode } from '#model/problem.ts'
import type { SyncRun } from '#model/sync-run.ts'
import type { Tenant, TenantState } from '#model/tenant.ts'
import type { FleetSql } from '#store/database/open.ts'
import { storable } from '#store/database/storable.ts'
import { type TenantRow, toTenant } from '#store/tenants.ts'
import { tenantsInTrouble } from '#store/troubles.ts'

export type TenantSearch = {
  /** A part of the name, of the domain or of the id. */
  text?: string
  state?: TenantState
  /** Only those in trouble of this kind, or with this owner. */
  code?: ProblemCode
  owner?: Owner
  sort: 'name' | 'state' | 'changed' | 'read'
  descending: boolean
  limit: number
  offset: number
}
export type FoundTenant = {
  tenant: Tenant
  /** The latest reading of its directory, if there was one. */
  run: (Pick<SyncRun, 'state' | 'startedAt'> & { code: ProblemCode | null }) | null
}

type Row = TenantRow & {
  run_state: SyncRun['state'] | null
  run_started_at: Date
  run_code: ProblemCode | null
}

const SORTS: Record<TenantSearch['sort'], RawBuilder<unknown>> = {
  name: raw`lower(t.display_name)`,
  state: raw`t.state`,
  changed: raw`t.updated_at`,
  read: raw`t.last_tried_at`,
}

/** One page of the tenants that fit, and how many fit in all. */
export async function searchTenants(
  { db }: FleetSql,
  { text, state, code, owner, sort, descending, limit, offset }: TenantSearch,
): Promise<{ total: number; found: FoundTenant[] }> {
  const pattern = text ? `%${storable(text).replace(/[\\%_]/g, '\\$&')}%` : null
  const troubled = code || owner
  const fits = raw`
    (${state ?? null}::text is null or t.state = ${state ?? null})
    and (${pattern}::text is null
      or t.display_name ilike ${pattern} or t.default_domain ilike ${pattern} or t.id::text ilike ${pattern})
    ${
      troubled
        ? raw`and t.id in (select id from (${tenantsInTrouble}) troubled
            where (${code ?? null}::text is null or diagnosis->>'code' = ${code ?? null})
              and (${owner ?? null}::text is null or diagnosis->>'owner' = ${owner ?? null}))`
        : raw``
    }`
  const direction = descending ? raw`desc nulls last` : raw`asc nulls first`
  const { rows } = await raw<Row & { total: number }>`
    with fitting as materialized (select t.id, ${SORTS[sort]} as rank from tenantry.tenants t where ${fits}),
      page as (select id, rank from fitting order by rank ${direction}, id limit ${limit} offset ${offset})
    select (select count(*)::int from fitting) as total, t.*, run.state as run_state, run.started_at as run_started_at,
      run.diagnosis->>'code' as run_code
    from (select 1) always
    left join page on true
    left join tenantry.tenants t on t.id = page.id
    left join lateral (
      select * from tenantry.sync_runs r where r.tenant_id = t.id and r.job = ${DIRECTORY_SYNC} order by r.started_at desc limit 1
    ) run on true
    order by page.rank ${direction}, page.id`.execute(db)
  return { total: rows[0]?.total ?? 0, found: rows.filter((row) => row.id !== null).map(toFound) }
}

const toFound = (row: Row): FoundTenant => ({
  tenant: toTenant(row),
  run: row.run_state === null ? null : { state: row.run_state, startedAt: row.run_started_at, code: row.run_code },
})
