import { tmpdir } from 'node:os'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import type { Config } from '#config.ts'
import { planJobs } from '#flows/queue/plan-jobs.ts'
import { askRevoked } from '#flows/tenants/ask-revoked.ts'
import { openJobs } from '#jobs/open.ts'
import { asFleet, openStore, type Store } from '#store/database/open.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { median, type Program } from './claim.ts'
import { APP_OF_BENCH, prepareDatabase } from './installation.ts'

const DUE = 1_000
const REGISTERED = 100_000
const ROUNDS = 9

const job = { name: 'a-job', schedule: { everyMinutes: 60 }, permissions: [], run: async () => {} }
const config = { app: { ...APP_OF_BENCH, jobs: [job] }, syncEveryMinutes: 60 } as unknown as Config

/** What one tick of the planner costs: readings of directories and a job of the app’s own, a thousand of each due. */
export const planning: Program = {
  name: 'planning',
  claims: [
    {
      name: 'planning.registered',
      about: `a tick with ${DUE} due out of ${REGISTERED} tenants against ${DUE} due out of ${DUE}`,
      wanted: { atMost: 2 },
    },
  ],
  async run(tell) {
    tell(`registering ${REGISTERED} tenants`)
    await using many = await openPlanner(REGISTERED)
    await using few = await openPlanner(DUE)
    const cost: { many: number[]; few: number[] } = { many: [], few: [] }
    for (let round = 0; round < ROUNDS; round++) {
      cost.few.push(await few.tick())
      cost.many.push(await many.tick())
      tell(`${cost.many.at(-1)?.toFixed(1)} ms of ${REGISTERED}, ${cost.few.at(-1)?.toFixed(1)} ms of ${DUE}`)
    }
    return { 'planning.registered': { ours: median(cost.many), other: median(cost.few), unit: 'ms' } }
  },
}

async function openPlanner(tenants: number): Promise<AsyncDisposable & { tick(): Promise<number> }> {
  await using opened = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  await prepareDatabase(databaseUrl)
  const log = openLog('warn')
  const store = opened.use(await openStore({ databaseUrl, dataDir: tmpdir(), clock: systemClock, log }))
  const jobs = opened.use(await openJobs({ store, log, work: false, migrate: false }))
  const tools = { store, jobs, clock: systemClock, config }
  const { kysely } = store
  await asFleet(store, ({ db }) =>
    sql`
      insert into tenantry.tenants (id, display_name, state, created_at, updated_at, last_tried_at)
      select gen_random_uuid(), 'Tenant', 'active', now(), now(), now() - interval '1 day' from generate_series(1, ${tenants}::int)`.execute(
      db,
    ),
  )
  // The first tick finds a job that is new and spreads it over everybody; that is no tick like the others.
  await planJobs(tools)
  const closing = opened.move()
  return {
    async tick() {
      await makeDue(store)
      const startedAt = performance.now()
      await askRevoked(tools)
      await planJobs(tools)
      const milliseconds = performance.now() - startedAt
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from pgboss.job`.execute(kysely)
      if (rows[0]?.count !== 2 * DUE) throw new Error(`${rows[0]?.count} jobs were planned.`)
      return milliseconds
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** A thousand tenants whose time has come, and all others later; the queue is empty, and the server knows its tables. */
async function makeDue(store: Store): Promise<void> {
  await sql`delete from pgboss.job`.execute(store.kysely)
  await asFleet(store, async ({ db }) => {
    await sql`update tenantry.job_schedules set due_at = now() + interval '30 minutes' where due_at < now() + interval '10 minutes'`.execute(
      db,
    )
    await sql`
      with due as (select id from tenantry.tenants order by id limit ${DUE})
      update tenantry.job_schedules set due_at = now() - interval '1 minute' where tenant_id in (select id from due)`.execute(
      db,
    )
  })
  for (const table of ['tenantry.tenants', 'tenantry.job_schedules', 'pgboss.job'])
    await sql`vacuum analyze ${sql.raw(table)}`.execute(store.kysely)
}
