import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import type { FleetSql } from '#store/database/open.ts'

/** The names of those among `ids` that have signed up; somebody who only began has left no more than an id. */
export async function tenantNames({ db }: FleetSql, ids: readonly TenantId[]): Promise<Map<TenantId, string>> {
  const { rows } = await raw<{ id: TenantId; display_name: string }>`
    select id, display_name from tenantry.tenants where id = any(${[...new Set(ids)]}::uuid[])`.execute(db)
  return new Map(rows.map((row) => [row.id, row.display_name]))
}
