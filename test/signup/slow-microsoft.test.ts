import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peopleOf } from '#test/signup/support/customers.ts'
import { openSite } from '#test/signup/support/open-site.ts'
import { openVisitor } from '#test/signup/support/visitor.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { until } from '#test/support/until.ts'

test('G07 whoever watches is not told for minutes that it takes less than one', async (t) => {
  const clock = handClock(new Date())
  const site = await openSite(t, { clock })
  const grace = openVisitor(site)
  await grace.arrive(peopleOf('fabrikam.onmicrosoft.com').globalAdministrator)
  site.emulator.lag.set({ assignmentTokens: 1_000 })
  await grace.post('/sign-up/grant', {}, { stay: true })
  const page = () => grace.get('/sign-up/progress')
  await until('it waits for Microsoft', async () => {
    const { text } = await page()
    return /Check that Northwind Insights can work without you/.test(text) && clock.sleepers() > 0
  })
  assert.match((await page()).text, /less than a minute/)

  clock.pass(2 * MINUTE)
  const late = await page()
  assert.match(late.text, /This takes longer than usual/)
  assert.match(late.text, /class="spinner"/, 'it goes on')
  assert.doesNotMatch(late.text, /less than a minute|has not moved/)

  site.emulator.lag.clear()
  await until('it is connected', async () => {
    // No time passes while somebody works: however slow the machine is, his patience is as long.
    if (clock.sleepers() > 0) clock.pass(5_000)
    return (await page()).path === '/sign-up/connected'
  })
})
