import { before, suite, test } from 'node:test'
import { FAULTS, type FaultName, openPlace, outlive, type Place } from '#test/faults/support/outage.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const OUTAGE_MILLISECONDS = 30_000

suite('the database is gone for half a minute while a tenant is read', () => {
  const scope = suiteScope()
  let place: Place
  before(async () => {
    place = await openPlace(scope)
  })

  for (const name of Object.keys(FAULTS) as FaultName[])
    test(`R04 ${name}: not ready meanwhile, nothing lost, and no restart`, async (t) => {
      if (name === 'full' && !place.disk) return t.skip('This machine lets nobody mount a disk that could be filled.')
      await outlive(place, name, { outageMilliseconds: OUTAGE_MILLISECONDS, hurry: false })
    })
})
