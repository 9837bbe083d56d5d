import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  // What two processes began at once before; row-level security binds whoever migrates, too, so the fleet does it.
  'set local role tenantry_fleet',
  `update tenantry.sync_runs run set state = 'interrupted', finished_at = now()
    where run.state in ('running', 'waiting') and exists (
      select 1 from tenantry.sync_runs later
      where later.tenant_id = run.tenant_id and later.job = run.job and later.state in ('running', 'waiting')
        and (later.started_at, later.id) > (run.started_at, run.id))`,
  'reset role',
  'drop index tenantry.sync_runs_unfinished',
  `create unique index sync_runs_unfinished on tenantry.sync_runs (tenant_id, job) where state in ('running', 'waiting')`,
]

/** Of a job there is one run in a tenant that is not over: whoever begins another one ends it, or goes on with it. */
export const oneRun: Migration = {
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
