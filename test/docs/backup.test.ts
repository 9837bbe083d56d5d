import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { openJobs } from '#jobs/open.ts'
import { runStatement } from '#store/database/author-sql.ts'
import { assertMigrated, migrate } from '#store/database/migrate.ts'
import { asAuthor, asTenant, openStore, type Store } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { aTenant } from '#test/support/made-up.ts'
import { freshDatabase, runProgram, seeingEverything, withClient } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'
import { root } from '#test/support/programs.ts'

const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8')
const [, MAKES_BACKUP_ROLE = ''] = /```sql\n(create role backup_of_tenantry [^`]+)```/.exec(operations) ?? []

test('a backup that is made and restored as the manual says has everything, and tenants are kept apart in it', async (t) => {
  const folder = temporaryFolder(t)
  const dump = join(folder, 'tenantry.dump')
  const before = await openOn(t, folder, await freshDatabase())
  await migrate(before)
  await openJobs({ store: before, log: silentLog, work: false, migrate: true }).then((jobs) => jobs.close())
  const tenantId = await aTenant(before, { displayName: 'Fabrikam' })
  const other = await aTenant(before, { displayName: 'Contoso' })
  const databaseUrl = before.databaseUrl ?? ''

  // Nobody is to take for a backup what has no rows.
  assert.throws(() => runProgram('pg_dump', ['--format', 'custom', '--file', dump, databaseUrl]), /row-level security/)
  runProgram('pg_dump', ['--format', 'custom', '--file', dump, await asBackupRole(databaseUrl)])

  const restored = await freshDatabase()
  assert.throws(
    () => runProgram('pg_restore', ['--dbname', restored, dump]),
    (error: Error) => {
      const failed = error.message.match(/^pg_restore: error: .*$/gm)
      assert.equal(failed?.length, 1, error.message)
      return /ALTER FUNCTION tenantry\.run_statement/.test(error.message)
    },
  )
  const after = await openOn(t, folder, restored)
  const { nextStep } = await refusedWith('CONFIGURATION_INVALID', () => assertMigrated(after))
  assert.match(nextStep, /tenantry migrate/)
  await migrate(after)
  await assertMigrated(after)
  await openJobs({ store: after, log: silentLog, work: false, migrate: true }).then((jobs) => jobs.close())

  assert.equal((await asTenant(after, tenantId, (sql) => findTenant(sql, tenantId)))?.displayName, 'Fabrikam')
  assert.equal(await asTenant(after, tenantId, (sql) => findTenant(sql, other)), null)
  assert.deepEqual(
    await asAuthor(after, tenantId, (sql) =>
      runStatement(sql, 'select current_user as "as", display_name as name from tenantry.tenants'),
    ),
    [{ as: 'tenantry_author', name: 'Fabrikam' }],
  )
})

async function openOn(t: TestContext, dataDir: string, databaseUrl: string): Promise<Store> {
  const store = await openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog })
  t.after(() => store.close())
  return store
}

/** A role belongs to the whole server, and goes with the tests’. */
async function asBackupRole(databaseUrl: string): Promise<string> {
  const admin = await seeingEverything(databaseUrl)
  const password = new URL(admin).password
  await withClient(admin, async (client) => {
    await client.query('drop role if exists backup_of_tenantry')
    await client.query(MAKES_BACKUP_ROLE)
    await client.query(`alter role backup_of_tenantry password '${password}'`)
  })
  return Object.assign(new URL(databaseUrl), { username: 'backup_of_tenantry', password }).href
}
