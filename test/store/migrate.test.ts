import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { assertMigrated, migrate } from '#store/migrate.ts'
import { openStore } from '#store/open.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'
import { freshDatabase } from '#test/support/postgres.ts'
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
