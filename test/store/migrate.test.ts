import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { Problem } from '#model/problem.ts'
import { assertMigrated, migrate } from '#store/migrate.ts'
import { openStore } from '#store/open.ts'
import { forEachBackend, silentLog } from '#test/support/backends.ts'

forEachBackend(({ freshPlace, freshStore }) => {
  test('an empty database is brought up to date, and a second time changes nothing', async (t) => {
    const store = await openStore({ ...(await freshPlace(t)), clock: systemClock, log: silentLog })
    t.after(() => store.close())
    await assert.rejects(assertMigrated(store), (error) => {
      assert.ok(error instanceof Problem)
      assert.equal(error.code, 'CONFIGURATION_INVALID')
      assert.match(error.diagnosis.nextStep, /tenantry migrate/)
      return true
    })
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
      await assert.rejects(check(store), (error) => {
        assert.ok(error instanceof Problem)
        assert.equal(error.diagnosis.owner, 'operator')
        assert.match(error.message, /newer than this program \(9999-future\)/)
        return true
      })
    }
  })
})
