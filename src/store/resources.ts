import { sql as raw } from 'kysely'
import type { ObjectId, RunId } from '#model/ids.ts'
import { type DirectoryResource, RESOURCE_KINDS, type ResourceKind } from '#model/resource.ts'
import type { TenantSql } from '#store/open.ts'
import { storableJson } from '#store/storable.ts'

/** Writes one page in one statement. Of an object that stands twice on a page the later one counts. */
export async function upsertResources(
  { db, at, tenantId }: TenantSql,
  runId: RunId,
  resources: readonly DirectoryResource[],
): Promise<void> {
  const unique = new Map(resources.map((resource) => [`${resource.kind}:${resource.id}`, resource]))
  if (unique.size === 0) return
  await raw`
    insert into tenantry.resources (tenant_id, kind, id, display_name, properties, run_id, arrived_at, updated_at)
    select ${tenantId}::uuid, r.kind, r.id, r."displayName", r.properties, ${runId}::uuid, ${at}::timestamptz, ${at}::timestamptz
    from jsonb_to_recordset(${storableJson([...unique.values()])}::jsonb)
      as r(kind text, id uuid, "displayName" text, properties jsonb)
    on conflict (tenant_id, kind, id) do update set
      display_name = excluded.display_name,
      properties = excluded.properties,
      run_id = excluded.run_id,
      updated_at = excluded.updated_at`.execute(db)
}

/** Removes what the run did not see; to be called only after its last page. */
export async function removeUnseen({ db }: TenantSql, kind: ResourceKind, runId: RunId): Promise<number> {
  const { numAffectedRows } =
    await raw`delete from tenantry.resources where kind = ${kind} and run_id <> ${runId}`.execute(db)
  return Number(numAffectedRows ?? 0)
}

export async function removeAllResources({ db }: TenantSql): Promise<void> {
  await raw`delete from tenantry.resources`.execute(db)
  await raw`delete from tenantry.grants`.execute(db)
}

export async function countResources({ db }: TenantSql): Promise<Record<ResourceKind, number>> {
  const { rows } = await raw<{ kind: ResourceKind; count: number }>`
    select kind, count(*)::int as count from tenantry.resources group by kind`.execute(db)
  const counts = new Map(rows.map((row) => [row.kind, row.count]))
  return Object.fromEntries(RESOURCE_KINDS.map((kind) => [kind, counts.get(kind) ?? 0])) as Record<ResourceKind, number>
}

type Row = { kind: ResourceKind; id: ObjectId; display_name: string | null; properties: Record<string, unknown> }
const toResource = ({ kind, id, display_name, properties }: Row): DirectoryResource => ({
  kind,
  id,
  displayName: display_name,
  properties,
})

/** In the order of their ids; `after` continues behind that object. */
export async function listResources(
  { db }: TenantSql,
  { kind, limit, after }: { kind: ResourceKind; limit: number; after?: ObjectId },
): Promise<DirectoryResource[]> {
  const { rows } = await raw<Row>`
    select kind, id, display_name, properties from tenantry.resources
    where kind = ${kind} and (${after ?? null}::uuid is null or id > ${after ?? null}) order by id limit ${limit}`.execute(
    db,
  )
  return rows.map(toResource)
}

export async function newestResources(
  { db }: TenantSql,
  kind: ResourceKind,
  limit: number,
): Promise<DirectoryResource[]> {
  const { rows } = await raw<Row>`
    select kind, id, display_name, properties from tenantry.resources
    where kind = ${kind} order by arrived_at desc, display_name limit ${limit}`.execute(db)
  return rows.map(toResource)
}
