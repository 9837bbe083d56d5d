import { before, suite, test } from 'node:test'
import { type FaultName, openPlace, outlive, type Place } from '#test/faults/support/outage.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const TITLES: Record<FaultName, string> = {
  stop: 'R04 its server is stopped',
  crash: 'R04 its server crashes',
  freeze: 'R04 its server freezes',
  readOnly: 'R04 it takes no writes',
  cut: 'R04 it cuts every connection and takes no new one',
  full: 'R04 its disk is full',
  swallowed: 'R04 the network swallows every byte',
}

/** At once, as far as that goes; `npm run endurance` waits for half a minute each time. */
suite('the database goes while a tenant is read', () => {
  const scope = suiteScope()
  let place: Place
  before(async () => {
    place = await openPlace(scope)
  })

  for (const [name, title] of Object.entries(TITLES) as [FaultName, string][])
    test(`${title}: not ready meanwhile, nothing lost, and no restart`, async (t) => {
      if (name === 'full' && !place.disk) return t.skip('This machine lets nobody mount a disk that could be filled.')
      await outlive(place, name, { outageMilliseconds: 0, hurry: true })
    })
})
