import { sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { Diagnosis, Owner, ProblemCode } from '#model/problem.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import type { FleetSql } from '#store/database/open.ts'

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
 * Each tenant in trouble with its diagnosis: the one that its state is about, otherwise that of a job whose latest finished
 * run has failed, the latest of them.
 */
export const tenantsInTrouble = raw`
  select t.id, t.display_name, coalesce(t.diagnosis, failing.diagnosis) as diagnosis,
    case when t.diagnosis is null then failing.ended_at else t.updated_at end as since
  from tenantry.tenants t
  left join (
    select distinct on (tenant_id) tenant_id, diagnosis, ended_at from tenantry.latest_ends
    where state = 'failed' and diagnosis is not null
      and (job = ${DIRECTORY_SYNC} or job in (select job from tenantry.planned_jobs))
    order by tenant_id, ended_at desc
  ) failing on failing.tenant_id = t.id and t.diagnosis is null and t.state in (${working})
  where t.state not in ('offboarding', 'offboarded')
    and (t.diagnosis is not null or failing.diagnosis is not null)`

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
