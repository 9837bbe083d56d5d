import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { type AnySql, asFleet, asTenant, type Store } from '#store/database/open.ts'

/** A tenant's own rows; what waits in the queue is not carried over, since what is due is planned anew. */
const OF_A_TENANT = [
  'grants',
  'resources',
  'group_members',
  'sync_cursors',
  'sync_runs',
  'latest_ends',
  'job_schedules',
  'job_checkpoints',
] as const
const AT_A_TIME = 1_000

/**
 * Copies an installation from one database into another that has the same schema. Safe to repeat: what is there already
 * stays as it is, so that one that was broken off is finished by a second.
 * @param tell called after each tenant
 * @throws Problem CONFIGURATION_INVALID when the other database has tenants of its own
 */
export async function carryOver(
  from: Store,
  to: Store,
  tell: (done: number, of: number) => void = () => {},
): Promise<{ tenants: number; rows: number }> {
  const tenantIds = await idsIn(from)
  const strangers = (await idsIn(to)).filter((id) => !tenantIds.includes(id))
  if (strangers.length > 0) throw inUse(strangers.length)
  let rows = await asFleet(from, (source) =>
    asFleet(to, async (target) => {
      const planned = await copy(source, target, 'planned_jobs')
      // Whoever is at Microsoft’s at this moment comes back to a site that knows him.
      const signUps = await copy(source, target, 'sign_ups')
      const tenants = await copy(source, target, 'tenants')
      return planned + signUps + tenants + (await copy(source, target, 'incidents'))
    }),
  )
  for (const [index, tenantId] of tenantIds.entries()) {
    rows += await asTenant(from, tenantId, (source) =>
      asTenant(to, tenantId, async (target) => {
        let copied = 0
        for (const table of OF_A_TENANT) copied += await copy(source, target, table)
        return copied
      }),
    )
    tell(index + 1, tenantIds.length)
  }
  rows += await copyAudit(from, to)
  return { tenants: tenantIds.length, rows }
}

const idsIn = (store: Store): Promise<TenantId[]> =>
  asFleet(store, async ({ db }) => {
    const { rows } = await raw<{ id: TenantId }>`select id from tenantry.tenants order by id`.execute(db)
    return rows.map(({ id }) => id)
  })

/** Row by row as JSON, some at a time, so that a large tenant does not fill the memory. @returns how many were read */
async function copy({ db: source }: AnySql, { db: target }: AnySql, table: string): Promise<number> {
  const name = raw.table(`tenantry.${table}`)
  const cursor = raw.id(`carry_${table}`)
  await raw`declare ${cursor} no scroll cursor for select to_jsonb(t)::text as line from ${name} t`.execute(source)
  for (let count = 0; ; ) {
    const { rows } = await raw<{ line: string }>`fetch ${raw.lit(AT_A_TIME)} from ${cursor}`.execute(source)
    count += rows.length
    if (rows.length > 0)
      await raw`
        insert into ${name} overriding system value
        select * from jsonb_populate_recordset(null::${name}, ${`[${rows.map(({ line }) => line).join(',')}]`}::jsonb)
        on conflict do nothing`.execute(target)
    if (rows.length < AT_A_TIME) {
      await raw`close ${cursor}`.execute(source)
      return count
    }
  }
}

/** The lines keep their numbers, and new ones go on after the last. */
async function copyAudit(from: Store, to: Store): Promise<number> {
  const { count, last } = await asFleet(from, (source) =>
    asFleet(to, async (target) => {
      const copied = await copy(source, target, 'audit')
      const { rows } = await raw<{ last: string | null }>`select max(id) as last from tenantry.audit`.execute(target.db)
      return { count: copied, last: rows[0]?.last ?? null }
    }),
  )
  if (last !== null)
    await raw`select setval(pg_get_serial_sequence('tenantry.audit', 'id'), ${last}::bigint)`.execute(to.kysely)
  return count
}

const inUse = (tenants: number) =>
  new Problem({
    code: 'CONFIGURATION_INVALID',
    owner: 'operator',
    message: `The database has ${tenants === 1 ? 'a tenant' : `${tenants} tenants`} of its own: nothing was copied into it.`,
    nextStep: 'Name an empty database in TENANTRY_DATABASE_URL.',
    retry: 'never',
    confidence: 'certain',
  })
