import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { nextRound, signUp } from '#test/crash/support/journeys.ts'
import { breakOffEverywhere, countsByClock } from '#test/crash/support/matrix.ts'

const timeout = 20 * 60_000
const SIZE = { users: 5, groups: 3 }

/** Every moment after which something is different outside the process; `npm run endurance` takes the others as well. */
suite('R01 the crash matrix', () => {
  test('R01 killed after every effect of a sign-up and the first reading, it ends as if nothing had happened', {
    timeout,
  }, async (t) => {
    const { moments, missed, faults } = await breakOffEverywhere(signUp, { size: SIZE, grain: 'effects' })
    t.diagnostic(`${moments.length} moments`)
    assert.deepEqual(faults, [])
    assert.deepEqual(
      missed.filter((moment) => !countsByClock(moment)),
      [],
    )
    const names = moments.map(({ name }) => name)
    for (const seen of [
      /insert tenantry.sign_ups/,
      /appRoleAssignedTo/,
      /insert tenantry.tenants/,
      /tenantry.sync_cursors/,
    ])
      assert.ok(
        names.some((name) => seen.test(name)),
        `${seen} is among the moments`,
      )
  })

  test('R01 killed after every effect of the next round, it ends as if nothing had happened', {
    timeout,
  }, async (t) => {
    const { moments, missed, faults } = await breakOffEverywhere(nextRound, { size: SIZE, grain: 'effects' })
    t.diagnostic(`${moments.length} moments`)
    assert.deepEqual(faults, [])
    assert.deepEqual(
      missed.filter((moment) => !countsByClock(moment)),
      [],
    )
    assert.ok(moments.some(({ name }) => /delete tenantry.group_members/.test(name)))
  })
})
