import { sql as raw } from 'kysely'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { ProblemCode } from '#model/problem.ts'
import type { FleetSql } from '#store/database/open.ts'

/**
 * Work that has met this since then goes on at its next turn, its directory’s, or now, a job of one’s own: it was no
 * customer’s doing. Tenants in the order of their ids, then their turns, so that nobody who takes several waits for us while
 * we wait for him.
 */
export async function endRests(
  { db, at }: FleetSql,
  { since, code }: { since: Date; code: ProblemCode },
): Promise<void> {
  const met = raw`
    select tenant_id, job from tenantry.sync_runs
    where started_at >= ${since} and state = 'failed' and diagnosis->>'code' = ${code}`
  await raw`
    with resting as materialized (
      select id from tenantry.tenants
      where rest_until is not null and id in (select tenant_id from (${met}) met where job = ${DIRECTORY_SYNC})
      order by id for no key update
    )
    update tenantry.tenants tenant set rest_until = null from resting where tenant.id = resting.id`.execute(db)
  await raw`
    with put_off as materialized (
      select tenant_id, job from tenantry.job_schedules
      where job <> ${DIRECTORY_SYNC} and due_at > ${at} and (tenant_id, job) in (${met})
      order by tenant_id, job for no key update
    )
    update tenantry.job_schedules turn set due_at = ${at} from put_off
    where turn.tenant_id = put_off.tenant_id and turn.job = put_off.job`.execute(db)
}
