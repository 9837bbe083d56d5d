import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signUp } from '#test/crash/support/journeys.ts'
import { breakOffEverywhere } from '#test/crash/support/matrix.ts'

const ONE_OF = 8

/** With the embedded database, which the killed process owned; `npm run endurance` takes every moment. */
test('R01 killed after some of the requests of a sign-up and the first reading, an embedded database ends as if nothing had happened', {
  timeout: 20 * 60_000,
}, async (t) => {
  const { moments, missed, faults } = await breakOffEverywhere(signUp, {
    size: { users: 5, groups: 3 },
    grain: 'everything',
    database: 'embedded',
    oneOf: ONE_OF,
  })
  t.diagnostic(`${moments.length} moments`)
  assert.deepEqual(faults, [])
  assert.deepEqual(missed, [])
  assert.ok(moments.length > 3)
})
