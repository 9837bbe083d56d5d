import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { openJobs } from '#jobs/open.ts'
import type { TenantId } from '#model/ids.ts'
import { migrate } from '#store/database/migrate.ts'
import { asTenant, openStore } from '#store/database/open.ts'
import { countResources, listResources } from '#store/resources.ts'
import { listRuns } from '#store/sync-runs.ts'
import { silentLog } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { migrateTo, openAsThen } from '#test/support/older-release.ts'
import { freshDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { openTools } from '#tools.ts'

const USERS = 2_500
const OLDER = '0002-delta'
const TABLES = ['tenants', 'resources', 'group_members', 'sync_cursors', 'sync_runs']

/** What has another shape today: people and groups were counted in columns of their own. */
const AS_THEN: Record<string, string> = {
  sync_runs: `to_jsonb(t) || jsonb_build_object(
    'users', coalesce((counts->>'user')::int, 0), 'groups', coalesce((counts->>'group')::int, 0))`,
}

/** What an older release would have of it: the rows, without what its tables have no column for. */
async function copyAsThen(fromUrl: string, toUrl: string): Promise<void> {
  await withClient(await seeingEverything(fromUrl), async (from) => {
    await withClient(await seeingEverything(toUrl), async (to) => {
      for (const table of TABLES) {
        const { rows } = await from.query<{ rows: string | null }>(
          `select json_agg(${AS_THEN[table] ?? 'to_jsonb(t)'})::text as rows from tenantry.${table} t`,
        )
        const { rows: columns } = await to.query<{ name: string }>(
          `select quote_ident(column_name) as name from information_schema.columns
           where table_schema = 'tenantry' and table_name = $1`,
          [table],
        )
        const names = columns.map(({ name }) => name).join(', ')
        await to.query(
          `insert into tenantry.${table} (${names})
           select ${names} from json_populate_recordset(null::tenantry.${table}, $1::json)`,
          [rows[0]?.rows ?? '[]'],
        )
      }
    })
  })
}

test('R07 a reading that an older release was in the middle of goes on after the upgrade at the page that it had reached', async (t) => {
  const newer = await freshDatabase()
  await using fleet = await openFleet({ tenants: 1, users: USERS, groups: 2, databaseUrl: newer })
  const [tenantId] = fleet.tenantIds as [TenantId]
  const { signal } = new AbortController()
  fleet.emulator.mischief.add({
    at: 'graph',
    match: { path: '/users/delta', tenant: tenantId },
    nth: 2,
    answer: { status: 400 },
  })
  await assert.rejects(syncTenant(fleet.tools, { tenantId, signal }))
  fleet.emulator.mischief.clear()

  const older = await freshDatabase()
  const place = { databaseUrl: older, dataDir: tmpdir() }
  const asThen = await openAsThen(place)
  await migrateTo(asThen, OLDER)
  await copyAsThen(newer, older)
  // It was stopped in the middle, and nobody has said that it is over.
  await withClient(await seeingEverything(older), (client) =>
    client.query("update tenantry.sync_runs set state = 'running', finished_at = null"),
  )
  await asThen.close()

  {
    await using store = await openStore({ ...place, clock: systemClock, log: silentLog })
    assert.equal((await migrate(store)).from, OLDER)
    await using _jobs = await openJobs({ store, log: silentLog, work: false, migrate: true })
  }
  const tools = await openTools({ ...fleet.tools.config, databaseUrl: older }, { log: silentLog, work: true })
  t.after(() => tools[Symbol.asyncDispose]())
  const reached = (await asTenant(tools.store, tenantId, countResources)).user
  assert.ok(reached > 0 && reached < USERS, `${reached} were there`)
  fleet.emulator.requests.clear()
  await syncTenant(tools, { tenantId, signal })

  const pages = fleet.emulator.requests.list({ tenantId, path: '/users/delta' })
  assert.equal(pages.length, Math.ceil(USERS / 999) - 1, 'the page that was there was not asked for again')
  const inDirectory: string[] = []
  for (let path = '/users?$select=id&$top=999'; path; ) {
    const page = (await fleet.change(tenantId, 'GET', path)) as { value: { id: string }[]; '@odata.nextLink'?: string }
    inDirectory.push(...page.value.map(({ id }) => id))
    path = page['@odata.nextLink']?.replace(/^.*\/v1\.0/, '') ?? ''
  }
  const read = await asTenant(tools.store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: USERS + 1 }))
  assert.deepEqual(read.map(({ id }) => id as string).toSorted(), inDirectory.toSorted())
  const runs = await asTenant(tools.store, tenantId, (sql) => listRuns(sql, { limit: 9 }))
  assert.deepEqual(
    runs.map(({ state, counts }) => [state, counts.user]),
    [
      ['succeeded', USERS - reached],
      ['interrupted', reached],
    ],
  )
})
