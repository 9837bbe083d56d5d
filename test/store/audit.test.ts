import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { addAudit, listAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { explaining, rowsRead } from '#test/support/rows-read.ts'

forEachBackend(({ freshStore }) => {
  test('A06 what people did is found without looking at the sign-ups that strangers were refused', async (t) => {
    const store = await freshStore(t)
    const refused = 2_000
    await asFleet(store, async (sql) => {
      await addAudit(sql, { tenantId: null, actor: 'operator:test', action: 'job.retried' })
      await raw`
      insert into tenantry.audit (at, actor, action, detail)
      select ${sql.at}::timestamptz, 'somebody', 'sign-up.rejected', '{}' from generate_series(1, ${refused}::int)`.execute(
        sql.db,
      )
    })
    await raw`analyze tenantry.audit`.execute(store.kysely)
    const explained: unknown[] = []
    await asFleet(store, (sql) => listAudit(explaining(sql, explained), { limit: 100, withoutRefusals: true }))
    const read = rowsRead(explained, 'audit')
    assert.ok(read <= 1, `${read} rows of ${refused + 1}`)
  })
})
