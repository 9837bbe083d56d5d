import { type RawBuilder, sql as raw } from 'kysely'
import { codeOf } from '#base/code-of.ts'
import type { GenerationId, ObjectId } from '#model/ids.ts'
import {
  type ChangePage,
  type Changes,
  countsOf,
  type DirectoryResource,
  type MembershipChange,
  type Objects,
  type ResourceCounts,
  type ResourceDefinition,
  type ResourceKind,
} from '#model/resource.ts'
import { beginAgain, forgetCursor } from '#store/cursors.ts'
import type { TenantSql } from '#store/database/open.ts'
import { storableText } from '#store/database/storable.ts'
import { GONE } from '#store/migrations/gone.ts'

/** What is being read, and which reading it is. */
export type Reading = Pick<ResourceDefinition, 'kind' | 'key'> & {
  generation: GenerationId
}

/**
 * Writes one page: what changed, what is gone, and who came into groups or left them. Writing it twice changes nothing.
 * What an object does not mention keeps its value, unless a new generation reads everything anew. What is gone is only set
 * aside: it stays until `removeGone`, and until then it may come back.
 * @returns how many objects and memberships were set aside
 */
export async function applyPage(
  sql: TenantSql,
  reading: Reading,
  { changed, removed, members }: Changes,
): Promise<number> {
  if (changed.ids.length > 0)
    await writeObjects(
      sql,
      reading,
      [textOf(changed)],
      raw`on conflict (tenant_id, kind, id) do update set
        display_name = case when tenantry.resources.generation = excluded.generation
          and not excluded.properties ? 'displayName' then tenantry.resources.display_name else excluded.display_name end,
        properties = case when tenantry.resources.generation = excluded.generation
          then tenantry.resources.properties || excluded.properties else excluded.properties end,
        generation = excluded.generation,
        updated_at = excluded.updated_at`,
    )
  const left = members.length > 0 ? await applyMembers(sql, reading.generation, members) : 0
  return left + (removed.length > 0 ? await setAside(sql, reading.kind, removed) : 0)
}

/**
 * Writes pages on which nothing is gone, and none of whose objects is stored yet, as far as anybody knows. Looking for each
 * of them first is spared, and all go in together.
 * @returns how many objects that was
 * @throws an error that `isOfTheData` knows when one is stored after all, stands twice, or is no object with such a key
 */
export async function insertPages(sql: TenantSql, reading: Reading, pages: readonly ChangePage[]): Promise<number> {
  const count = await writeObjects(
    sql,
    reading,
    pages.map((page) => (page.asItCame ? raw`convert_from(${page.asItCame}, 'UTF8')` : textOf(page.changes().changed))),
    raw``,
  )
  const members = pages.flatMap((page) => (page.asItCame ? [] : page.changes().members))
  if (members.length > 0) await applyMembers(sql, reading.generation, members)
  return count
}

const textOf = ({ json }: Objects): RawBuilder<unknown> => raw`${storableText(json)}`

/**
 * How the statements that follow in this transaction are planned. With their values at hand, PostgreSQL hands these from
 * step to step of its planning as copies; of pages, this is an eighth of what storing them costs.
 * @see https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-PLAN-CACHE-MODE
 */
const planFor = ({ db }: TenantSql, values: 'auto' | 'force_generic_plan') =>
  raw`select set_config('plan_cache_mode', ${raw.lit(values)}, true)`.execute(db)

/**
 * In one statement, which takes the texts apart by itself. In the order of their ids: ids are random, and so the entries of
 * the index that lie together are written together.
 */
async function writeObjects(
  sql: TenantSql,
  { kind, key, generation }: Reading,
  texts: readonly RawBuilder<unknown>[],
  whereOneStands: RawBuilder<unknown>,
): Promise<number> {
  const { db, at, tenantId } = sql
  const pages = raw.join(texts.map((text) => raw`(${text}::jsonb)`))
  await planFor(sql, 'force_generic_plan')
  const { numAffectedRows } = await raw`
    insert into tenantry.resources (tenant_id, kind, id, display_name, properties, generation, arrived_at, updated_at)
    select ${tenantId}::uuid, ${kind}::text, (o->>${key}::text)::uuid, o->>'displayName', o, ${generation}::uuid,
      ${at}, ${at}
    from (values ${pages}) as pages (page), jsonb_array_elements(page->'value') as o
    order by 3
    ${whereOneStands}`.execute(db)
  await planFor(sql, 'auto')
  return Number(numAffectedRows ?? 0)
}

/**
 * What PostgreSQL says of data that it cannot take, or not a second time (classes 22 and 23).
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const isOfTheData = (error: unknown): boolean => /^2[23]/.test(codeOf(error))

async function applyMembers(
  { db, tenantId }: TenantSql,
  generation: GenerationId,
  changes: readonly MembershipChange[],
): Promise<number> {
  const last = [...new Map(changes.map((change) => [`${change.groupId}/${change.memberId}`, change])).values()]
  const came = last.filter((change) => !change.removed)
  const left = last.filter((change) => change.removed)
  if (came.length > 0)
    await raw`
      insert into tenantry.group_members (tenant_id, group_id, member_id, member_type, generation)
      select ${tenantId}::uuid, m."groupId", m."memberId", m."memberType", ${generation}::uuid
      from jsonb_to_recordset(${JSON.stringify(came)}::jsonb) as m("groupId" uuid, "memberId" uuid, "memberType" text)
      on conflict (tenant_id, group_id, member_id) do update set
        member_type = excluded.member_type, generation = excluded.generation`.execute(db)
  if (left.length === 0) return 0
  const { numAffectedRows } = await raw`
    update tenantry.group_members g set generation = ${gone}
    from jsonb_to_recordset(${JSON.stringify(left)}::jsonb) as m("groupId" uuid, "memberId" uuid)
    where g.group_id = m."groupId" and g.member_id = m."memberId" and g.generation <> ${gone}`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/** As it stands in the indexes that hold nothing else. */
const gone = raw`${raw.lit(GONE)}::uuid`

async function setAside({ db }: TenantSql, kind: ResourceKind, ids: readonly ObjectId[]): Promise<number> {
  if (kind === 'group')
    await raw`update tenantry.group_members set generation = ${gone} where group_id = any(${[...ids]}::uuid[])`.execute(
      db,
    )
  const { numAffectedRows } = await raw`
    update tenantry.resources set generation = ${gone}
    where kind = ${kind} and id = any(${[...ids]}::uuid[]) and generation <> ${gone}`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/**
 * Memberships of groups that are gone themselves are not among these: they went with their group. Nor are objects that were
 * stored under another key: what is read stores them under its own.
 */
export type Removed = { objects: number; memberships: number }

/**
 * Removes what the round has set aside; to be called only after its last page.
 * @param unseen of a full reading: what it did not see is gone, too
 */
export async function removeGone(
  { db }: TenantSql,
  { kind, key, generation }: Reading,
  { unseen }: { unseen: boolean },
): Promise<Removed> {
  const isGone = unseen ? raw`generation <> ${generation}` : raw`generation = ${gone}`
  if (kind === 'group')
    await raw`
      delete from tenantry.group_members
      where group_id in (select id from tenantry.resources where kind = 'group' and ${isGone})`.execute(db)
  const objects = await raw<{ count: number }>`
    with removed as (
      delete from tenantry.resources where kind = ${kind} and ${isGone}
      returning lower(properties->>${key}::text) = id::text as has_key
    ) select count(*) filter (where has_key)::int as count from removed`.execute(db)
  const memberships =
    kind === 'group' ? await raw`delete from tenantry.group_members where ${isGone}`.execute(db) : null
  return { objects: objects.rows[0]?.count ?? 0, memberships: Number(memberships?.numAffectedRows ?? 0) }
}

/**
 * Removes what was read from the tenant's directory, and where to go on reading it.
 * @param limit of objects, and of memberships
 * @returns whether that was all
 */
export async function removeResources(sql: TenantSql, limit = 20_000): Promise<'all' | 'some'> {
  await raw`delete from tenantry.sync_cursors`.execute(sql.db)
  await raw`delete from tenantry.grants`.execute(sql.db)
  for (const table of [raw`tenantry.resources`, MEMBERSHIPS])
    if ((await removeSome(sql, { table, limit })) === limit) return 'some'
  return 'all'
}

/**
 * Removes what was read of one kind, memberships with groups, and its cursor. While some are left, that stands at the beginning:
 * without one, what is left would never be looked for.
 * @param limit of objects, and of memberships
 */
export async function removeKind(
  sql: TenantSql,
  kind: ResourceKind,
  limit = 20_000,
): Promise<{ removed: number; left: boolean }> {
  const isGroup = kind === 'group'
  const membersLeft = isGroup && (await removeSome(sql, { table: MEMBERSHIPS, limit })) === limit
  const which = raw`where kind = ${kind}`
  const removed = membersLeft ? 0 : await removeSome(sql, { table: raw`tenantry.resources`, which, limit })
  const left = membersLeft || removed === limit
  await (left ? beginAgain : forgetCursor)(sql, kind)
  return { removed, left }
}

const MEMBERSHIPS = raw`tenantry.group_members`

/** @returns how many those were; fewer than `limit` were all */
async function removeSome(
  { db }: TenantSql,
  { table, which = raw``, limit }: { table: RawBuilder<unknown>; which?: RawBuilder<unknown>; limit: number },
): Promise<number> {
  const { numAffectedRows } = await raw`
    delete from ${table} where ctid = any(array(select ctid from ${table} ${which} limit ${limit}))`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/** The objects of a kind, or what stands between groups and their members. */
export type Stored = { kind: ResourceKind } | 'memberships'

const storedAs = (what: Stored) =>
  what === 'memberships' ? MEMBERSHIPS : raw`tenantry.resources where kind = ${what.kind}`

export async function countStored({ db }: TenantSql, what: Stored): Promise<number> {
  const { rows } = await raw<{ count: number }>`select count(*)::int as count from ${storedAs(what)}`.execute(db)
  return rows[0]?.count ?? 0
}

export async function countResources({ db }: TenantSql): Promise<ResourceCounts> {
  const { rows } = await raw<{ kind: ResourceKind; count: number }>`
    select kind, count(*)::int as count from tenantry.resources group by kind`.execute(db)
  return countsOf(Object.fromEntries(rows.map(({ kind, count }) => [kind, count])))
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

/** At most `limit`, counted no further than that. */
export async function countUpTo({ db }: TenantSql, what: Stored, limit: number): Promise<number> {
  const { rows } = await raw<{ count: number }>`
    select count(*)::int as count from (select 1 from ${storedAs(what)} limit ${limit}) as counted`.execute(db)
  return rows[0]?.count ?? 0
}
