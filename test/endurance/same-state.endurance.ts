import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveThrough, withFaultsAndLag } from '#test/fleet/support/same-state.ts'

const TENANTS = 1_000

test('a thousand tenants: with faults, lag and pages in disorder, the same rows in the end as without', async (t) => {
  const calm = await liveThrough({ tenants: TENANTS })
  t.diagnostic(`calm: ${calm.requests} requests, ${calm.hash}`)
  const stormy = await liveThrough({ tenants: TENANTS, disturb: withFaultsAndLag })
  t.diagnostic(`stormy: ${stormy.faults} faults among ${stormy.requests} requests, ${stormy.hash}`)
  for (const [table, rows] of Object.entries(calm.story)) t.diagnostic(`${table}: ${(rows as unknown[]).length} rows`)
  assert.ok(stormy.faults > stormy.requests * 0.045)
  for (const table of Object.keys(calm.story)) assert.deepEqual(stormy.story[table], calm.story[table], table)
  assert.equal(stormy.hash, calm.hash)
})
