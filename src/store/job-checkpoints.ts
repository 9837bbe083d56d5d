import { sql as raw } from 'kysely'
import type { TenantSql } from '#store/database/open.ts'
import { storableJson } from '#store/database/storable.ts'

/** What a job has saved last in this tenant; null when nothing was. */
export async function loadCheckpoint({ db }: TenantSql, job: string): Promise<unknown> {
  const { rows } = await raw<{ value: unknown }>`
    select value from tenantry.job_checkpoints where job = ${job}`.execute(db)
  return rows[0]?.value ?? null
}

/** @param value whatever JSON can hold; null and undefined forget */
export async function saveCheckpoint({ db, at, tenantId }: TenantSql, job: string, value: unknown): Promise<void> {
  if (value === null || value === undefined) {
    await raw`delete from tenantry.job_checkpoints where job = ${job}`.execute(db)
    return
  }
  await raw`
    insert into tenantry.job_checkpoints (tenant_id, job, value, updated_at)
    values (${tenantId}, ${job}, ${storableJson(value)}::jsonb, ${at})
    on conflict (tenant_id, job) do update set value = excluded.value, updated_at = excluded.updated_at`.execute(db)
}

/** For a tenant that has ended it. */
export async function forgetCheckpoints({ db }: TenantSql): Promise<void> {
  await raw`delete from tenantry.job_checkpoints`.execute(db)
}
