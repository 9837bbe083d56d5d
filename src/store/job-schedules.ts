import { type RawBuilder, sql as raw } from 'kysely'
import type { TenantId } from '#model/ids.ts'
import { DIRECTORY_SYNC } from '#model/job.ts'
import type { Turns } from '#model/schedule.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import type { AnySql, FleetSql, TenantSql } from '#store/database/open.ts'

/** A job with the turns around now; `schedule` is its schedule as text. */
export type PlannedJob = Turns & { job: string; schedule: string }
/**
 * `starts`: it is to be put into the queue. It is not where the tenant’s directory rests, or was read since the turn came;
 * where the turn was missed; nor a job that another process has planned, whose configuration has more jobs than this one’s.
 */
export type DueJob = { tenantId: TenantId; job: string; starts: boolean }

/** A turn that nobody has taken for so long was missed, by no worker or an incident, and by the others of this time too. */
const MISSED_AFTER = raw`interval '15 minutes'`
/** Missed turns are made up for within so long, each tenant in its place, or at the next turn where that comes sooner. */
const CATCH_UP_SECONDS = 3_600

const working = raw.join(WORKING_STATES.map((state) => raw`${state}`))

const turnsOf = (jobs: readonly PlannedJob[]) =>
  raw`jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb)
    as turn(job text, schedule text, previous timestamptz, next timestamptz, "spreadSeconds" float8)`

/** From 0 to 1, the same for ever. */
const placeOf = (tenantId: RawBuilder<unknown>) =>
  raw`(mod(abs(hashtextextended(${tenantId}::text || turn.job, 0)::numeric), 1000000)::float8 / 1000000)`

/**
 * When a tenant's turn is: the same so many seconds after each turn of the job, told by a hash of its id, so that the
 * load is even and nobody's time moves. `turn` stands for one of `turnsOf`.
 */
const dueAfter = (tenantId: RawBuilder<unknown>, at: RawBuilder<Date>) => {
  const wait = raw`make_interval(secs => ${placeOf(tenantId)} * turn."spreadSeconds")`
  return raw`case when turn.previous + ${wait} > ${at} then turn.previous + ${wait} else turn.next + ${wait} end`
}

/**
 * Takes what is due, the longest due first, and sets when it is due next, so that two planners never take the same. An
 * index finds it: the cost is that of what is due, not of what is registered. What is locked stays in its place, and a
 * tenant is looked up by itself: left to choose, PostgreSQL reads all tenants to find a thousand.
 */
export async function takeJobsDue(
  { db, at }: FleetSql,
  { jobs, limit }: { jobs: readonly PlannedJob[]; limit: number },
): Promise<DueJob[]> {
  const catchUp = raw`${at} + make_interval(secs =>
    ${placeOf(raw`due.tenant_id`)} * least(turn."spreadSeconds", ${CATCH_UP_SECONDS}))`
  // Where it thinks that few are due, it would sort all that are, for each thousand of them again.
  await raw`select set_config('enable_sort', 'off', true)`.execute(db)
  const { rows } = await raw<{ tenant_id: TenantId; job: string; starts: boolean }>`
    with due as (
      select tenant_id, job, due_at, ctid as place from tenantry.job_schedules
      where due_at <= ${at} order by due_at limit ${limit} for update skip locked
    ), looked_at as (
      select due.place, ${dueAfter(raw`due.tenant_id`, at)} as regular, ${catchUp} as catch_up,
        due.due_at < ${at} - ${MISSED_AFTER} as missed,
        case when due.job = ${DIRECTORY_SYNC} and t.rest_until > ${at} then t.rest_until end as rest_until,
        due.job = ${DIRECTORY_SYNC} and coalesce(t.last_tried_at >= due.due_at, false) as done
      from due left join ${turnsOf(jobs)} on turn.job = due.job
        left join lateral (select * from tenantry.tenants where id = due.tenant_id limit 1) t on true
    )
    update tenantry.job_schedules s
    set due_at = case
      when l.regular is null then ${at} + interval '1 hour'
      when l.rest_until is not null then least(l.regular, l.rest_until)
      when l.missed and not l.done and l.regular > ${at} + make_interval(secs => ${CATCH_UP_SECONDS})
        then l.catch_up
      else l.regular end
    from looked_at l where s.ctid = l.place
    returning s.tenant_id, s.job, l.regular is not null and l.rest_until is null and not l.done and not l.missed as starts`.execute(
    db,
  )
  return rows.map((row) => ({ tenantId: row.tenant_id, job: row.job, starts: row.starts }))
}

/** Spreads jobs that were added to the configuration over the working tenants, and finds whoever was overlooked. */
export async function scheduleJobs({ db, at }: FleetSql, jobs: readonly PlannedJob[]): Promise<void> {
  if (jobs.length === 0) return
  await raw`
    insert into tenantry.job_schedules (tenant_id, job, due_at)
    select t.id, turn.job, ${dueAfter(raw`t.id`, at)}
    from tenantry.tenants t cross join ${turnsOf(jobs)}
    where t.state in (${working}) and not exists (
      select from tenantry.job_schedules s where s.tenant_id = t.id and s.job = turn.job)
    on conflict do nothing`.execute(db)
}

/** A tenant that comes, or comes back, has its first run of every job at once. */
export async function scheduleTenant({ db, at }: AnySql, tenantId: TenantId): Promise<void> {
  await raw`
    insert into tenantry.job_schedules (tenant_id, job, due_at)
    select ${tenantId}, job, ${at} from tenantry.planned_jobs
    on conflict do nothing`.execute(db)
}

/** Its next turn comes in so long at the earliest. */
export async function putOffTurn({ db, at, tenantId }: TenantSql, job: string, minutes: number): Promise<void> {
  await raw`
    update tenantry.job_schedules set due_at = greatest(due_at, ${at} + make_interval(mins => ${minutes}::int))
    where tenant_id = ${tenantId} and job = ${job}`.execute(db)
}

/** What failed last by what only the customer can mend, and waits for that, has its turn now: he has done something. */
export async function endPutOffs({ db, at }: AnySql, tenantId: TenantId): Promise<void> {
  await raw`
    update tenantry.job_schedules turn set due_at = ${at}
    from tenantry.latest_ends latest
    where turn.tenant_id = ${tenantId} and turn.job <> ${DIRECTORY_SYNC} and turn.due_at > ${at}
      and latest.tenant_id = turn.tenant_id and latest.job = turn.job and latest.state = 'failed'
      and latest.diagnosis->>'owner' = 'customer-administrator'`.execute(db)
}

/** A tenant that the daemon does not work for is nowhere in what planning looks at. */
export async function unscheduleTenant({ db }: AnySql, tenantId: TenantId): Promise<void> {
  await raw`delete from tenantry.job_schedules where tenant_id = ${tenantId}`.execute(db)
}

/** The jobs that tenants have times for, with the schedule that these were made from. */
export async function listPlanned({ db }: FleetSql): Promise<{ job: string; schedule: string }[]> {
  const { rows } = await raw<{ job: string; schedule: string }>`
    select job, schedule from tenantry.planned_jobs order by job`.execute(db)
  return rows
}

/** Forgets a job and every tenant's time for it. */
export async function removePlanned({ db }: FleetSql, jobs: readonly string[]): Promise<void> {
  await raw`delete from tenantry.job_schedules where job = any(${[...jobs]})`.execute(db)
  await raw`delete from tenantry.planned_jobs where job = any(${[...jobs]})`.execute(db)
}

export async function addPlanned({ db }: FleetSql, jobs: readonly PlannedJob[]): Promise<void> {
  for (const { job, schedule } of jobs)
    await raw`
      insert into tenantry.planned_jobs (job, schedule) values (${job}, ${schedule})
      on conflict (job) do update set schedule = excluded.schedule`.execute(db)
}

export type JobStanding = { job: string; tenants: number; nextDueAt: Date | null }

/** How many tenants each job is planned for, and when the next of them is due. */
export async function countSchedules({ db }: FleetSql): Promise<JobStanding[]> {
  const { rows } = await raw<{ job: string; tenants: number; next_due_at: Date | null }>`
    select job, count(*)::int as tenants, min(due_at) as next_due_at
    from tenantry.job_schedules group by job order by job`.execute(db)
  return rows.map((row) => ({ job: row.job, tenants: row.tenants, nextDueAt: row.next_due_at }))
}

/** When each job is due next in a tenant. */
export async function listTurns({ db }: TenantSql): Promise<{ job: string; dueAt: Date }[]> {
  const { rows } = await raw<{ job: string; due_at: Date }>`
    select job, due_at from tenantry.job_schedules order by job`.execute(db)
  return rows.map((row) => ({ job: row.job, dueAt: row.due_at }))
}
