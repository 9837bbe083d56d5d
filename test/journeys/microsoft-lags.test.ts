import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { commandLineOf, withCommandLineTool } from '#test/journeys/microsoft-graph.ts'
import { comeToReview, grant, seeEverythingArrive } from '#test/journeys/steps.ts'
import { openBrowser, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const EACH_ONCE = ['Group.Read.All', 'Organization.Read.All', 'User.Read.All']

suite('Microsoft takes its time', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  before(async () => {
    place = await openDeployment(scope, { change: withCommandLineTool })
    browser = await openBrowser(scope)
    await place.open('dev')
  })

  test('G07 replicas hear late of everything; the page says what is waited for, and it ends connected', async () => {
    const { emulator } = place
    emulator.lag.set({ servicePrincipalReads: 5, assignmentWrites: 2, assignmentTokens: 2 })
    const grace = await browser.person()
    await comeToReview(grace, place.landing, 'grace@contoso.onmicrosoft.com')
    await grace.getByText('Microsoft is still setting up the new entry').waitFor()
    await grant(grace)
    await grace.getByRole('listitem').filter({ hasText: 'Find Northwind Insights' }).getByText('under way').waitFor()
    await seeEverythingArrive(grace)
    emulator.lag.clear()
    assert.deepEqual(await (await commandLineOf(emulator, 'grace@contoso.onmicrosoft.com')).held(), EACH_ONCE)
  })

  test('G06 answers get lost after the deed, others come late or not at all; each role is assigned exactly once', async () => {
    const { emulator } = place
    const grace = await browser.person()
    await comeToReview(grace, place.landing, 'grace@fabrikam.onmicrosoft.com')
    const assignments = { method: 'POST', path: 'appRoleAssignedTo$' }
    emulator.mischief.set([
      { at: 'graph', match: assignments, times: 1, commitThenDrop: true },
      { at: 'graph', match: assignments, nth: 3, times: 1, answer: { status: 503 } },
      { at: 'graph', match: assignments, nth: 4, times: 1, answer: { status: 429, headers: { 'retry-after': '1' } } },
      { at: 'token', match: { tenant: DEMO.fabrikam }, times: 2, reset: true },
      { at: 'graph', match: { path: '/users/delta$' }, times: 1, truncate: 2_000 },
    ])
    await grant(grace)
    await seeEverythingArrive(grace)
    emulator.mischief.clear()
    const { tenant, counts } = await place.show(DEMO.fabrikam)
    assert.equal(tenant.state, 'active')
    assert.deepEqual(counts, { user: 1_200, group: 80 })
    assert.deepEqual(await (await commandLineOf(emulator, 'grace@fabrikam.onmicrosoft.com')).held(), EACH_ONCE)
  })
})
