import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { comeToReview, grant, seeEverythingArrive, tiles } from '#test/journeys/steps.ts'
import { openBrowser, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import type { Program } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

/** Longer than the test: whoever waits for the answer is killed before it comes. */
const NEVER_MILLISECONDS = 600_000

suite('on PostgreSQL, with the sites and two workers as processes of their own', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  let workers: Program[]
  before(async () => {
    place = await openDeployment(scope, { database: 'postgres' })
    browser = await openBrowser(scope)
    const migrated = await place.run('migrate')
    assert.equal(migrated.code, 0, migrated.stderr)
    await place.open('serve')
    workers = [place.start('work'), place.start('work')]
    await Promise.all(workers.map((worker) => worker.says(/the worker is at work/)))
  })

  test('Contoso signs up, and a worker reads it', async () => {
    const grace = await browser.person()
    await comeToReview(grace, place.landing, 'grace@contoso.onmicrosoft.com')
    await grant(grace)
    await seeEverythingArrive(grace)
    const { Users, Groups } = await tiles(grace)
    assert.deepEqual({ Users, Groups }, { Users: '60', Groups: '8' })
    assert.equal((await place.show(DEMO.contoso)).tenant.state, 'active')
  })

  test('R01: the worker that reads Fabrikam is killed; the other one takes over, and nothing is lost', async () => {
    place.emulator.mischief.add({
      at: 'graph',
      match: { method: 'GET', path: '/users/delta$', tenant: DEMO.fabrikam, app: DEMO.appId },
      nth: 2,
      delayMs: NEVER_MILLISECONDS,
    })
    const grace = await browser.person()
    await comeToReview(grace, place.landing, 'grace@fabrikam.onmicrosoft.com')
    await grant(grace)
    await grace.waitForURL('**/sign-up/connected')
    await grace.locator('.figure-tile').filter({ hasText: 'Users' }).getByText('999').waitFor()
    const started = new RegExp(`"job":"sync-tenant".*"tenantId":"${DEMO.fabrikam}".*job started`)
    const reader = await until('one worker says that it reads Fabrikam', () =>
      workers.find((worker) => started.test(worker.said())),
    )
    await reader.kill()
    place.emulator.mischief.clear()
    await seeEverythingArrive(grace)
    const { tenant, counts, runs } = await place.show(DEMO.fabrikam)
    assert.equal(tenant.state, 'active')
    assert.deepEqual(counts, { user: 1_200, group: 80 })
    assert.equal(runs[0]?.state, 'succeeded')
    assert.ok(!runs.some(({ state }) => state === 'running'))
    const other = workers.find((worker) => worker !== reader)
    assert.match(other?.said() ?? '', started)
    assert.equal(await other?.stop(), 0)
  })
})
