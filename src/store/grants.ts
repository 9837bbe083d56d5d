import { sql as raw } from 'kysely'
import type { TenantSql } from '#store/database/open.ts'
import { storableJson } from '#store/database/storable.ts'

export type Grant = { permission: string; status: 'granted' | 'missing'; seenAt: Date }

/** Replaces what we last saw of the tenant's application permissions. */
export async function saveGrants(
  { db, at, tenantId }: TenantSql,
  grants: readonly Omit<Grant, 'seenAt'>[],
): Promise<void> {
  await raw`delete from tenantry.grants where tenant_id = ${tenantId}`.execute(db)
  await raw`
    insert into tenantry.grants (tenant_id, permission, status, seen_at)
    select ${tenantId}::uuid, g.permission, g.status, ${at}
    from jsonb_to_recordset(${storableJson(grants)}::jsonb) as g(permission text, status text)`.execute(db)
}

export async function listGrants({ db }: TenantSql): Promise<Grant[]> {
  const { rows } = await raw<{ permission: string; status: Grant['status']; seen_at: Date }>`
    select * from tenantry.grants order by permission`.execute(db)
  return rows.map(({ permission, status, seen_at }) => ({ permission, status, seenAt: seen_at }))
}
