import { sql as raw } from 'kysely'
import type { Clock } from '#base/clock.ts'
import type { IncidentId } from '#model/incident.ts'
import type { ProblemCode } from '#model/problem.ts'
import { nowIn } from '#store/buckets.ts'
import type { FleetSql } from '#store/open.ts'

/** A machine that has not been heard of for so long has stopped, or was mended and has begun anew. */
const SILENT_AFTER = raw`interval '5 minutes'`

/** The machine is one of those on which an incident goes on; somebody is to be told of each once. */
export async function addHost(
  { db }: FleetSql,
  clock: Clock,
  { id, host }: { id: IncidentId; host: string },
): Promise<void> {
  await raw`
    update tenantry.incidents set
      hosts = hosts || jsonb_build_object(${host}::text, ${nowIn({ clock })}),
      alerted_at = case when hosts ? ${host} then alerted_at end
    where id = ${id}`.execute(db)
}

/** @returns whether it still goes on there, as far as the others know; else who has closed it, null while it is open for others */
export async function hearOf(
  { db }: FleetSql,
  clock: Clock,
  { id, host }: { id: IncidentId; host: string },
): Promise<{ heard: boolean; closedBy: string | null }> {
  const { rows } = await raw<{ heard: boolean; closed_by: string | null }>`
    update tenantry.incidents set hosts = case when closed_at is null and hosts ? ${host}
      then hosts || jsonb_build_object(${host}::text, ${nowIn({ clock })}) else hosts end
    where id = ${id} returning closed_at is null and hosts ? ${host} as heard, closed_by`.execute(db)
  return { heard: rows[0]?.heard ?? false, closedBy: rows[0]?.closed_by ?? null }
}

/**
 * It is over on this machine; and on those that say nothing any more. By the database’s clock: their own may be what is wrong
 * with them.
 * @returns the codes of those that are over everywhere, and were closed
 */
export async function removeHosts(
  { db, at }: FleetSql,
  clock: Clock,
  { over = null }: { over?: string | null } = {},
): Promise<ProblemCode[]> {
  const { rows } = await raw<{ code: ProblemCode; closed: boolean }>`
    with known as (
      select id, (
        select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each_text(hosts)
        where key is distinct from ${over} and value::timestamptz > ${nowIn({ clock })} - ${SILENT_AFTER}
      ) as still
      from tenantry.incidents where closed_at is null and hosts <> '{}' order by id for update
    )
    update tenantry.incidents i set
      -- What was closed goes on telling where it was.
      hosts = case when still = '{}' then hosts else still end,
      closed_at = case when still = '{}' then ${at}::timestamptz end,
      closed_by = case when still = '{}' then 'daemon' end
    from known where i.id = known.id
    returning i.code, still = '{}' as closed`.execute(db)
  return rows.filter(({ closed }) => closed).map(({ code }) => code)
}
