import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { comeToReview, grant, seeEverythingArrive, signIn } from '#test/journeys/steps.ts'
import { look, openBrowser, type Page, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

suite('an operator looks after the tenants', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  let olivia: Page
  before(async () => {
    place = await openDeployment(scope)
    browser = await openBrowser(scope)
    await place.open('dev')
    const grace = await browser.person()
    await comeToReview(grace, place.landing, 'grace@contoso.onmicrosoft.com')
    await grant(grace)
    await seeEverythingArrive(grace)
    olivia = await browser.person()
  })

  test('T09: being signed in is not being allowed: a colleague without the role, and a customer', async () => {
    const noah = await browser.person()
    await noah.goto(`${place.console}/tenants`)
    await look(noah, 'console-sign-in')
    await noah.getByRole('button', { name: 'Sign in with Microsoft' }).click()
    await signIn(noah, 'noah@northwind.onmicrosoft.com')
    await acceptIfAsked(noah)
    await noah.getByRole('heading', { name: 'You are signed in, but you are not an operator' }).waitFor()
    await look(noah, 'console-not-an-operator')
    assert.equal((await noah.request.get(`${place.console}/api/v1/tenants`)).status(), 401)

    const customer = await browser.person()
    await customer.goto(place.console)
    await customer.getByRole('button', { name: 'Sign in with Microsoft' }).click()
    await signIn(customer, 'grace@contoso.onmicrosoft.com')
    await customer.getByText('AADSTS50020').waitFor()
  })

  test('with the role one sees the fleet, and Contoso in it', async () => {
    await olivia.goto(`${place.console}/tenants`)
    await olivia.getByRole('button', { name: 'Sign in with Microsoft' }).click()
    await signIn(olivia, 'olivia@northwind.onmicrosoft.com')
    await acceptIfAsked(olivia)
    await olivia.waitForURL(`${place.console}/tenants`)
    await look(olivia, 'console-tenants')
    await olivia.goto(place.console)
    await look(olivia, 'console-overview')
    await olivia.goto(`${place.console}/tenants`)
    await olivia.getByRole('link', { name: 'Contoso' }).click()
    await olivia.getByRole('heading', { level: 1, name: 'Contoso' }).waitFor()
    await look(olivia, 'console-tenant')
    const answer = await olivia.request.get(`${place.console}/api/v1/tenants`)
    const { tenants } = (await answer.json()) as { tenants: { id: string; state: string }[] }
    assert.deepEqual(
      tenants.map(({ id, state }) => ({ id, state })),
      [{ id: DEMO.contoso, state: 'active' }],
    )
  })

  test('she pauses it with a reason, and nobody reads it; she resumes it, and it is read again', async () => {
    await olivia.goto(`${place.console}/tenants/${DEMO.contoso}`)
    await olivia.getByText('Pause…').click()
    await olivia.getByLabel('Why, for your colleagues').fill('The contract is being talked about.')
    await olivia.getByRole('button', { name: 'Pause' }).click()
    await olivia.getByText('Contoso is paused').waitFor()
    await look(olivia, 'console-tenant-paused')
    const paused = await place.show(DEMO.contoso)
    assert.equal(paused.tenant.state, 'suspended')
    place.emulator.requests.clear()
    await place.run('run', 'sync-tenant', '--tenant', DEMO.contoso)
    assert.deepEqual(place.emulator.requests.list({ tenantId: DEMO.contoso }), [])

    await olivia.getByRole('button', { name: 'Resume' }).click()
    await olivia.getByText('Contoso is active again').waitFor()
    await runsAbove(paused.runs.length)
  })

  test('she has it read now, and verified', async () => {
    const { runs } = await place.show(DEMO.contoso)
    await olivia.goto(`${place.console}/tenants/${DEMO.contoso}`)
    await olivia.getByRole('button', { name: 'Read now' }).click()
    await olivia.getByText('A run has been asked for').waitFor()
    await runsAbove(runs.length)
    await olivia.getByRole('button', { name: 'Verify' }).click()
    await olivia.getByText('Everything that we need is there').waitFor()
    await olivia.goto(`${place.console}/audit`)
    await olivia.getByText('The contract is being talked about.').first().waitFor()
    await look(olivia, 'console-audit')
  })

  test('she offboards it after typing its name: what was read is gone', async () => {
    await olivia.goto(`${place.console}/tenants/${DEMO.contoso}`)
    await olivia.getByRole('link', { name: 'Offboard…' }).click()
    await look(olivia, 'console-offboard')
    await olivia.locator('[name=name]').fill('Contoso')
    await olivia.locator('[name=reason]').fill('They left.')
    await olivia.getByRole('button', { name: /Offboard/ }).click()
    await olivia.getByText('Contoso is offboarded').waitFor()
    const { tenant, counts } = await place.show(DEMO.contoso)
    assert.equal(tenant.state, 'offboarded')
    assert.deepEqual(counts, { user: 0, group: 0 })
  })

  test('after signing out the browser has to sign in again', async () => {
    await olivia.getByRole('button', { name: 'Sign out' }).click()
    await olivia.getByRole('heading', { name: 'You are signed out of the console' }).waitFor()
    await look(olivia, 'console-signed-out')
    await olivia.goto(`${place.console}/tenants`)
    await olivia.getByRole('button', { name: 'Sign in with Microsoft' }).waitFor()
    assert.equal((await olivia.request.get(`${place.console}/api/v1/tenants`)).status(), 401)
  })

  const runsAbove = (count: number) =>
    until('the daemon has read the tenant again', async () => {
      const { runs } = await place.show(DEMO.contoso)
      return runs.length > count && runs[0]?.state === 'succeeded'
    })
})

/** The first one of the tenant who signs in to the console is asked for consent. */
async function acceptIfAsked(page: Page): Promise<void> {
  const accept = page.getByRole('button', { name: 'Accept' })
  await accept
    .or(page.getByRole('link', { name: 'Northwind Insights Console' }))
    .first()
    .waitFor()
  if ((await accept.count()) > 0) await accept.click()
}
