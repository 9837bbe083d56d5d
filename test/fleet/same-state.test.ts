import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveThrough, withFaultsAndLag } from '#test/fleet/support/same-state.ts'

const TENANTS = 30

test('G07 G09 with faults, lag and pages in disorder, the same rows in the end as without', async (t) => {
  const calm = await liveThrough({ tenants: TENANTS })
  const stormy = await liveThrough({ tenants: TENANTS, disturb: withFaultsAndLag })
  t.diagnostic(`${TENANTS} tenants, ${stormy.faults} faults among ${stormy.requests} requests; calm: ${calm.requests}`)
  assert.equal(calm.faults, 0)
  assert.ok(stormy.faults > stormy.requests * 0.03)
  for (const table of Object.keys(calm.story)) assert.deepEqual(stormy.story[table], calm.story[table], table)
  assert.equal(stormy.hash, calm.hash)
})
