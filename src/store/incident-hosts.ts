import { sql as raw } from 'kysely'
import type { IncidentId } from '#model/incident.ts'
import type { ProblemCode } from '#model/problem.ts'
import { FURTHEST_AHEAD } from '#store/buckets.ts'
import type { AnySql, FleetSql } from '#store/database/open.ts'

/** A machine that has not been heard of for so long has stopped, or was mended and has begun anew. */
const SILENT_AFTER = raw`interval '5 minutes'`

/** The machine is one of those on which an incident goes on; somebody is to be told of each once. */
export async function addHost({ db, at }: FleetSql, { id, host }: { id: IncidentId; host: string }): Promise<void> {
  await raw`
    update tenantry.incidents set
      hosts = hosts || jsonb_build_object(${host}::text, ${at}),
      alerted_at = case when hosts ? ${host} then alerted_at end
    where id = ${id}`.execute(db)
}

/** Whether an incident that is open names the machine. */
export async function isNamed({ db }: FleetSql, host: string): Promise<boolean> {
  const { rows } = await raw`
    select 1 from tenantry.incidents where closed_at is null and hosts ? ${host} limit 1`.execute(db)
  return rows.length > 0
}

/** Whatever names the machine still goes on there. @returns whether anything does, as far as the others know */
export async function hearOf({ db, at }: FleetSql, host: string): Promise<boolean> {
  const { rows } = await raw`
    with naming as (
      select id from tenantry.incidents where closed_at is null and hosts ? ${host} order by id for update
    )
    update tenantry.incidents i set hosts = hosts || jsonb_build_object(${host}::text, ${at})
    from naming where i.id = naming.id returning 1`.execute(db)
  return rows.length > 0
}

/**
 * It is over on this machine; and on those that say nothing any more. What was said further ahead than it can be is from
 * before the database’s clock was put back, and says nothing.
 * @returns the codes of those that are over everywhere, and were closed
 */
export async function removeHosts(
  { db, at }: FleetSql,
  { over = null }: { over?: string | null } = {},
): Promise<ProblemCode[]> {
  const { rows } = await raw<{ code: ProblemCode; closed: boolean }>`
    with known as (
      select id, (
        select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each_text(hosts)
        where key is distinct from ${over} and value::timestamptz > ${at} - ${SILENT_AFTER}
          and value::timestamptz < ${at} + ${FURTHEST_AHEAD}
      ) as still
      from tenantry.incidents where closed_at is null and hosts <> '{}' order by id for update
    )
    update tenantry.incidents i set
      -- What was closed goes on telling where it was.
      hosts = case when still = '{}' then hosts else still end,
      closed_at = case when still = '{}' then ${at} end,
      closed_by = case when still = '{}' then 'daemon' end
    from known where i.id = known.id
    returning i.code, still = '{}' as closed`.execute(db)
  return rows.filter(({ closed }) => closed).map(({ code }) => code)
}

/** Whether Microsoft refuses the credential of some machine, which takes no work meanwhile. */
export async function isRefusedSomewhere({ db }: AnySql): Promise<boolean> {
  const { rows } = await raw`
    select 1 from tenantry.incidents where closed_at is null and hosts <> '{}' limit 1`.execute(db)
  return rows.length > 0
}
