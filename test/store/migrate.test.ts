import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { assertMigrated, migrate } from '#store/database/migrate.ts'
import { asTenant, openStore, type Store } from '#store/database/open.ts'
import { findTenant } from '#store/tenants.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { aTenant } from '#test/support/made-up.ts'
import { freshDatabase, removeDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { refusedWith } from '#test/support/problem.ts'

forEachBackend(({ freshPlace, freshStore }) => {
  test('an empty database is brought up to date, and a second time changes nothing', async (t) => {
    const store = await openStore({ ...(await freshPlace(t)), clock: systemClock, log: silentLog })
    t.after(() => store.close())
    const { nextStep } = await refusedWith('CONFIGURATION_INVALID', () => assertMigrated(store))
    assert.match(nextStep, /tenantry migrate/)

    const outcome = await migrate(store)
    assert.equal(outcome.from, null)
    assert.ok(outcome.to)
    assert.deepEqual(await migrate(store), { from: outcome.to, to: outcome.to })
    await assertMigrated(store)
  })

  test('A02 a login that may make roles, and is no superuser, takes those it has made and has their rights only then', async (t) => {
    const store = await freshStore(t)
    const { rows } = await sql<{ role: string; superuser: boolean; may_take: boolean; has_rights: boolean }>`
      select rolname as role, current_setting('is_superuser')::boolean as superuser,
        pg_has_role(oid, 'member') as may_take, pg_has_role(oid, 'usage') as has_rights
      from pg_roles where rolname in ('tenantry_tenant', 'tenantry_fleet', 'tenantry_author') order by rolname`.execute(
      store.kysely,
    )
    // Before PostgreSQL 16 it cannot be told apart; there the policies alone keep the login out.
    const has_rights = (await versionOf(store)) < 16
    assert.deepEqual(
      rows,
      ['tenantry_author', 'tenantry_fleet', 'tenantry_tenant'].map((role) => ({
        role,
        superuser: false,
        may_take: true,
        has_rights,
      })),
    )
    const tenantId = await aTenant(store)
    assert.equal((await asTenant(store, tenantId, (handle) => findTenant(handle, tenantId)))?.id, tenantId)
  })

  test('R07 a schema that is newer than the program is refused, and said so', async (t) => {
    const store = await freshStore(t)
    await sql`insert into tenantry.kysely_migration (name, timestamp) values ('9999-future', 'later')`.execute(
      store.kysely,
    )
    for (const check of [migrate, assertMigrated]) {
      const { owner, message } = await refusedWith('CONFIGURATION_INVALID', () => check(store))
      assert.equal(owner, 'operator')
      assert.match(message, /newer than this program \(9999-future\)/)
    }
  })
})

const versionOf = async ({ kysely }: Store) => {
  const { rows } = await sql<{ version: number }>`
    select current_setting('server_version_num')::int / 10000 as version`.execute(kysely)
  return rows[0]?.version ?? 0
}

test('A02 a login that may not make roles is told what an administrator has to do, and goes on when that is done', async (t) => {
  const login = `t_${randomUUID().replaceAll('-', '')}`
  const databaseUrl = Object.assign(new URL(await freshDatabase()), { username: login }).href
  const asAdministrator = async (...statements: string[]) =>
    withClient(await seeingEverything(databaseUrl), async (client) => {
      for (const statement of statements) await client.query(statement)
    })
  const { password, pathname } = new URL(databaseUrl)
  const ofAdministrators = Object.assign(new URL(databaseUrl), { pathname: '/postgres' }).href
  await asAdministrator(
    `create role ${login} login password '${password}'`,
    `alter database ${pathname.slice(1)} owner to ${login}`,
  )
  const store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
  t.after(async () => {
    await store.close()
    await removeDatabase(databaseUrl)
    await withClient(await seeingEverything(ofAdministrators), (client) => client.query(`drop role ${login}`))
  })
  const { owner, nextStep } = await refusedWith('CONFIGURATION_INVALID', () => migrate(store))
  assert.equal(owner, 'operator')
  const [grant = ''] = /grant [^;]+ to /.exec(nextStep) ?? []
  await asAdministrator(...(nextStep.match(/create role tenantry_\w+[^;]+/g) ?? []).map(orThere), `${grant}${login}`)
  await migrate(store)
  await assertMigrated(store)
})

/** Roles belong to the whole server, and other tests have made them. */
const orThere = (statement: string) => `do $$ begin ${statement}; exception when duplicate_object then null; end $$`

test('several processes that migrate one server at once wait for one another', async (t) => {
  const [one, two] = [await freshDatabase(), await freshDatabase()]
  const stores = await Promise.all(
    [one, one, one, two, two, two].map((databaseUrl) =>
      openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog }),
    ),
  )
  t.after(() => Promise.all(stores.map((store) => store.close())))
  await Promise.all(stores.map(migrate))
  for (const store of stores) await assertMigrated(store)
})
