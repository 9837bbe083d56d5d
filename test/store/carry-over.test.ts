import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { beginSignUp } from '#flows/sign-up/begin-sign-up.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { listDeadLetters } from '#jobs/dead-letters.ts'
import { enqueue } from '#jobs/enqueue.ts'
import { openJobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import { addAudit } from '#store/audit.ts'
import { carryOver } from '#store/carry-over.ts'
import { migrate } from '#store/database/migrate.ts'
import { asFleet, asTenant, openStore, type Store } from '#store/database/open.ts'
import { saveCheckpoint } from '#store/job-checkpoints.ts'
import { findSignUp } from '#store/sign-ups.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { aDiagnosis, aTenant } from '#test/support/made-up.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { runTenantry } from '#test/support/programs.ts'
import { openTools } from '#tools.ts'

const TABLES = [
  'tenants',
  'grants',
  'resources',
  'group_members',
  'sync_cursors',
  'sync_runs',
  'job_checkpoints',
  'job_schedules',
  'planned_jobs',
  'incidents',
  'audit',
]
const signal = new AbortController().signal

/** A server's owner is bound by row-level security too, so each tenant's rows are looked at as that tenant. */
async function everythingIn(store: Store, tenantIds: readonly TenantId[]): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {}
  for (const table of TABLES) {
    const look = async ({ db }: Pick<Parameters<Parameters<typeof asFleet>[1]>[0], 'db'>) =>
      (
        await sql<{
          row: unknown
        }>`select to_jsonb(t) as row from ${sql.table(`tenantry.${table}`)} t order by t::text`.execute(db)
      ).rows
    const perTenant = await Promise.all(
      tenantIds.map((id) => (table === 'planned_jobs' ? Promise.resolve([]) : asTenant(store, id, look))),
    )
    found[table] = perTenant.flat()
  }
  return found
}

test('an embedded installation is carried over to a server: the same rows, and work goes on where it was', async (t) => {
  await using fleet = await openFleet({ tenants: 2, users: 1_200, groups: 3 })
  const { tools, tenantIds, emulator } = fleet
  const [one] = tenantIds as [TenantId]
  for (const tenantId of tenantIds) await syncTenant(tools, { tenantId, signal })
  await asTenant(tools.store, one, (handle) => saveCheckpoint(handle, 'report', { reached: 'é“”\u{1F600}' }))
  await raiseAlarm(tools, { tenantId: one, diagnosis: aDiagnosis({ code: 'ORIGIN_REFUSED' }) })

  const databaseUrl = await freshDatabase()
  const to = await openStore({ databaseUrl, dataDir: temporaryFolder(t), clock: systemClock, log: silentLog })
  t.after(() => to.close())
  await migrate(to)
  for (let time = 0; time < 2; time++) {
    const { tenants, rows } = await carryOver(tools.store, to)
    assert.equal(tenants, 2)
    assert.ok(rows > 2_400, `${rows} rows`)
  }
  const [before, after] = [await everythingIn(tools.store, tenantIds), await everythingIn(to, tenantIds)]
  for (const table of TABLES) assert.deepEqual(after[table], before[table], table)
  for (const table of ['resources', 'group_members', 'sync_cursors', 'incidents', 'audit', 'job_checkpoints'])
    assert.ok(after[table]?.length, table)

  await asFleet(to, (handle) => addAudit(handle, { tenantId: one, actor: 'daemon', action: 'test.after' }))
  await using _jobs = await openJobs({ store: to, log: silentLog, work: false, migrate: true })
  await using grown = await openTools({ ...tools.config, databaseUrl }, { log: silentLog })
  emulator.requests.clear()
  await syncTenant(grown, { tenantId: one, signal })
  const asked = emulator.requests.list({ tenantId: one, path: '/users/delta' })
  assert.equal(asked.length, 1, 'it asked for what has changed, and read nothing anew')
  assert.match(asked[0]?.query ?? '', /deltatoken/)
})

test('nothing is copied into a database in which somebody works already, nor without one', async (t) => {
  await using fleet = await openFleet({ users: 1, groups: 1 })
  const databaseUrl = await freshDatabase()
  const dataDir = temporaryFolder(t)
  const to = await openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog })
  t.after(() => to.close())
  await migrate(to)
  await aTenant(to)
  await refusedWith('CONFIGURATION_INVALID', () => carryOver(fleet.tools.store, to))

  const env = {
    TENANTRY_DATA_DIR: dataDir,
    TENANTRY_SETTINGS_FILE: '/dev/null',
    TENANTRY_LOG_LEVEL: 'silent',
  }
  const without = await runTenantry({ args: ['migrate', '--from-embedded'], env })
  assert.deepEqual([without.code, /TENANTRY_DATABASE_URL: is missing/.test(without.stderr)], [2, true])
  const empty = { ...env, TENANTRY_DATABASE_URL: await freshDatabase() }
  const done = await runTenantry({ args: ['migrate', '--from-embedded'], env: empty })
  assert.deepEqual([done.code, /^0 tenants with 0 rows/m.test(done.stdout)], [0, true], done.stderr)
})

test('`migrate --from-embedded` brings sign-ups under way and what was given up, and doing it again brings them once', async (t) => {
  await using fleet = await openFleet({ users: 1, groups: 1 })
  const { tools, tenantIds } = fleet
  const [tenantId] = tenantIds as [TenantId]
  const payload = { tenantId, job: 'report' }
  await asFleet(tools.store, (handle) => enqueue(tools.jobs, handle, 'run-job', payload))
  while ((await listDeadLetters(tools.jobs)).length === 0) {
    await sql`update pgboss.job set start_after = now() where state = 'retry'`.execute(tools.store.kysely)
    const [job] = await tools.jobs.boss.fetch('run-job', { includeMetadata: true })
    if (job) await tools.jobs.boss.fail('run-job', job.id, { code: 'JOB_TIMED_OUT' })
  }
  const letters = await listDeadLetters(tools.jobs)
  const { ticket } = await beginSignUp(tools, { invitedTenantId: null })
  const begun = await asFleet(tools.store, (handle) => findSignUp(handle, ticket.signUpId))
  assert.ok(begun)
  await tools[Symbol.asyncDispose]()

  const databaseUrl = await freshDatabase()
  const env = {
    TENANTRY_DATA_DIR: tools.config.dataDir,
    TENANTRY_SETTINGS_FILE: '/dev/null',
    TENANTRY_LOG_LEVEL: 'silent',
    TENANTRY_DATABASE_URL: databaseUrl,
  }
  for (let time = 0; time < 2; time++) {
    const done = await runTenantry({ args: ['migrate', '--from-embedded'], env })
    assert.deepEqual([done.code, /and one job that was given up/.test(done.stdout)], [0, true], done.stderr)
  }
  const grown = await openTools({ ...tools.config, databaseUrl }, { log: silentLog })
  t.after(() => grown[Symbol.asyncDispose]())
  assert.deepEqual(await listDeadLetters(grown.jobs), letters)
  assert.deepEqual(await asFleet(grown.store, (handle) => findSignUp(handle, ticket.signUpId)), begun)
  await retryDeadLetter(grown, { id: letters[0]?.id ?? '', actor: 'operator:test' })
  assert.deepEqual(await listDeadLetters(grown.jobs), [])
})
