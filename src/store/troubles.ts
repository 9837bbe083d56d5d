import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { Diagnosis, Owner, ProblemCode } from '#model/problem.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import type { FleetSql } from '#store/open.ts'

/** Tenants that suffer from the same thing, together: with an expired secret every tenant does. */
export type Trouble = {
  code: ProblemCode
  owner: Owner
  tenants: number
  /** The diagnosis of the one that changed last, in full. */
  example: Diagnosis
  exampleTenant: { id: TenantId; displayName: string }
  /** When the first of them got into it. */
  since: Date
}

const working = raw.join(WORKING_STATES.map((state) => raw`${state}`))

/**
 * Each tenant in trouble with its diagnosis: the one that its state is about, otherwise that of a job
 * whose latest finished run has failed. One look into an index for each job of each working tenant.
 */
export const tenantsInTrouble = raw`
  select t.id, t.display_name, coalesce(t.diagnosis, run.diagnosis) as diagnosis,
    case when t.diagnosis is null then run.finished_at else t.updated_at end as since
  from tenantry.tenants t
  left join lateral (
    select latest.* from (select ${DIRECTORY_SYNC} as job union select job from tenantry.planned_jobs) known
    cross join lateral (
      select r.state, r.diagnosis, r.finished_at from tenantry.sync_runs r
      where r.tenant_id = t.id and r.job = known.job and r.state in ('succeeded', 'failed')
      order by r.started_at desc limit 1
    ) latest
    where latest.state = 'failed' and latest.diagnosis is not null
    order by latest.finished_at desc limit 1
  ) run on t.diagnosis is null and t.state in (${working})
  where t.state not in ('offboarding', 'offboarded')
    and (t.diagnosis is not null or (run.state = 'failed' and run.diagnosis is not null))`

type Row = {
  code: ProblemCode
  owner: Owner
  tenants: number
  example: Diagnosis
  example_id: TenantId
  example_name: string
  since: Date
}

/** What is wrong now, the most widespread first. */
export async function listTroubles({ db }: FleetSql): Promise<Trouble[]> {
  const { rows } = await raw<Row>`
    select diagnosis->>'code' as code, diagnosis->>'owner' as owner, count(*)::int as tenants, min(since) as since,
      (array_agg(diagnosis order by since desc))[1] as example,
      (array_agg(id order by since desc))[1] as example_id,
      (array_agg(display_name order by since desc))[1] as example_name
    from (${tenantsInTrouble}) troubled
    group by 1, 2 order by tenants desc, code`.execute(db)
  return rows.map(({ example_id, example_name, ...row }) => ({
    ...row,
    exampleTenant: { id: example_id, displayName: example_name },
  }))
}
