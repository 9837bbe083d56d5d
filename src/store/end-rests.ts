import { sql as raw } from 'kysely'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { ProblemCode } from '#model/problem.ts'
import type { FleetSql } from '#store/open.ts'

/** Work that has met this since then goes on at its next turn, its directory’s, or now, a job of one’s own: it was no customer’s doing. */
export async function endRests(
  { db, at }: FleetSql,
  { since, code }: { since: Date; code: ProblemCode },
): Promise<void> {
  await raw`
    with met as materialized (
      select distinct tenant_id, job from tenantry.sync_runs
      where started_at >= ${since} and state = 'failed' and diagnosis->>'code' = ${code}
    ), rested as (
      update tenantry.tenants set rest_until = null
      where rest_until is not null and id in (select tenant_id from met where job = ${DIRECTORY_SYNC})
    )
    update tenantry.job_schedules turn set due_at = ${at} from met
    where turn.tenant_id = met.tenant_id and turn.job = met.job and turn.job <> ${DIRECTORY_SYNC} and turn.due_at > ${at}`.execute(
    db,
  )
}
