import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asTenant } from '#store/database/open.ts'
import { listGrants, saveGrants } from '#store/grants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { HOUR } from '#test/support/hand-clock.ts'
import { madeUp } from '#test/support/made-up.ts'

forEachBackend(({ store: shared, clock }) => {
  test('what was last seen replaces what was seen before, for this tenant only', async () => {
    const store = await shared()
    const [ours, other] = [madeUp.tenantId(), madeUp.tenantId()]
    const both = [
      { permission: 'User.Read.All', status: 'granted' },
      { permission: 'Group.Read.All', status: 'missing' },
    ] as const
    await asTenant(store, ours, (sql) => saveGrants(sql, both))
    await asTenant(store, other, (sql) => saveGrants(sql, both))
    const first = clock.now()
    assert.deepEqual(await asTenant(store, ours, listGrants), [
      { permission: 'Group.Read.All', status: 'missing', seenAt: first },
      { permission: 'User.Read.All', status: 'granted', seenAt: first },
    ])

    clock.pass(HOUR)
    await asTenant(store, ours, (sql) => saveGrants(sql, [{ permission: 'User.Read.All', status: 'granted' }]))
    assert.deepEqual(await asTenant(store, ours, listGrants), [
      { permission: 'User.Read.All', status: 'granted', seenAt: clock.now() },
    ])
    assert.equal((await asTenant(store, other, listGrants)).length, 2)
    await asTenant(store, ours, (sql) => saveGrants(sql, []))
    assert.deepEqual(await asTenant(store, ours, listGrants), [])
  })
})
