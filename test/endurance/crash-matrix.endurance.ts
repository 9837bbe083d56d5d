import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Journey, nextRound, readAnew, signUp } from '#test/crash/support/journeys.ts'
import { breakOffEverywhere, countsByClock } from '#test/crash/support/matrix.ts'

const SIZE = { users: 9, groups: 5 }
const JOURNEYS: Record<string, Journey> = {
  'a sign-up and the first reading': signUp,
  'the next round': nextRound,
  'reading anew': readAnew,
}

suite('R01 the whole crash matrix', () => {
  for (const [title, journey] of Object.entries(JOURNEYS))
    test(`R01 killed after every write and every request of ${title}, it ends as if nothing had happened`, async (t) => {
      const { moments, missed, faults } = await breakOffEverywhere(journey, { size: SIZE, grain: 'everything' })
      t.diagnostic(`${moments.length} moments, ${missed.length} of them did not come again`)
      assert.deepEqual(faults, [])
      assert.deepEqual(
        missed.filter((moment) => !countsByClock(moment)),
        [],
      )
    })

  test('R01 killed after every request of a sign-up and the first reading, an embedded database ends as if nothing had happened', async (t) => {
    const { moments, missed, faults } = await breakOffEverywhere(signUp, {
      size: SIZE,
      grain: 'everything',
      database: 'embedded',
    })
    t.diagnostic(`${moments.length} moments`)
    assert.deepEqual([faults, missed], [[], []])
  })
})
