import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { commandLineOf, withCommandLineTool } from '#test/journeys/microsoft-graph.ts'
import { comeToReview, grant, seeEverythingArrive, tiles } from '#test/journeys/steps.ts'
import { look, openBrowser, type Page, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import type { Program } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

/** Longer than the test: whoever waits for the answer is killed before it comes. */
const NEVER_MILLISECONDS = 600_000

suite('R01: the process is killed in the middle', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  let program: Program
  before(async () => {
    place = await openDeployment(scope, { change: withCommandLineTool })
    browser = await openBrowser(scope)
    program = await place.open('dev')
  })

  test('of granting, twice, and of the first sync: it ends connected, nothing is done twice, nothing is lost', async () => {
    const { emulator } = place
    const grace = await browser.person()
    await comeToReview(grace, place.landing, 'grace@fabrikam.onmicrosoft.com')

    // The first role is assigned, the second one is on its way.
    emulator.mischief.add({
      at: 'graph',
      match: { method: 'POST', path: 'appRoleAssignedTo$' },
      nth: 2,
      delayMs: NEVER_MILLISECONDS,
    })
    await grant(grace)
    await underWay(grace, 'Grant Group.Read.All')
    await killAndStartAgain()
    const colleague = await commandLineOf(emulator, 'grace@fabrikam.onmicrosoft.com')
    assert.deepEqual(await colleague.held(), ['User.Read.All'])
    await grace.goto(`${place.landing}/sign-up/progress`)
    await grace.getByText('This has not moved for a while').waitFor()
    await look(grace, 'progress-interrupted')

    // All roles are assigned, but no token carries them yet.
    emulator.lag.set({ assignmentTokens: 1_000_000 })
    await grace.getByRole('button', { name: 'Go on' }).click()
    await underWay(grace, 'Check that Northwind Insights can work without you')
    await killAndStartAgain()

    // The first page of users is stored, the second one is on its way.
    emulator.mischief.add({
      at: 'graph',
      match: { method: 'GET', path: '/users/delta$', tenant: DEMO.fabrikam, app: DEMO.appId },
      nth: 2,
      delayMs: NEVER_MILLISECONDS,
    })
    await grace.goto(`${place.landing}/sign-up/progress`)
    await grace.getByRole('button', { name: 'Go on' }).click()
    await grace.waitForURL('**/sign-up/connected')
    await grace.locator('.figure-tile').filter({ hasText: 'Users' }).getByText('999').waitFor()
    await killAndStartAgain()

    await grace.goto(`${place.landing}/sign-up/connected`)
    await seeEverythingArrive(grace)
    const { Users, Groups } = await tiles(grace)
    assert.deepEqual({ Users, Groups }, { Users: '1,200', Groups: '80' })
    const { tenant, counts, runs, audit } = await place.show(DEMO.fabrikam)
    assert.equal(tenant.state, 'active')
    assert.deepEqual(counts, { user: 1_200, group: 80 })
    assert.equal(runs[0]?.state, 'succeeded')
    assert.ok(!runs.some(({ state }) => state === 'running'))
    assert.equal(audit.filter(({ to }) => to === 'active').length, 1)
    assert.deepEqual(await colleague.held(), ['Group.Read.All', 'Organization.Read.All', 'User.Read.All'])
  })

  async function killAndStartAgain(): Promise<void> {
    await program.kill()
    place.emulator.mischief.clear()
    place.emulator.lag.clear()
    program = await place.open('dev')
  }
})

const underWay = (page: Page, step: string): Promise<void> =>
  page.getByRole('listitem').filter({ hasText: step }).getByText('under way').waitFor()
