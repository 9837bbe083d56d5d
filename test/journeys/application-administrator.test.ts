import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { commandLineOf, withCommandLineTool } from '#test/journeys/microsoft-graph.ts'
import { comeToReview, grant, seeEverythingArrive } from '#test/journeys/steps.ts'
import { look, openBrowser, type Page, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

suite('an Application Administrator may consent, but not grant', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  before(async () => {
    place = await openDeployment(scope, { change: withCommandLineTool })
    browser = await openBrowser(scope)
    await place.open('dev')
  })

  test('T04: he hands the step over by a link, a Global Administrator finishes it, and his own page recognises it', async () => {
    const adam = await browser.person({ clipboard: true })
    await tryToGrant(adam, 'adam@contoso.onmicrosoft.com')
    await look(adam, 'may-not-grant')
    const link = await copied(adam, 'Invitation link')
    assert.equal(link, `${place.landing}/?tenant=${DEMO.contoso}`)

    // Nobody has done anything yet.
    await adam.getByRole('button', { name: 'Check again' }).click()
    await adam.getByText('Not granted yet').waitFor()
    for (const permission of ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'])
      await adam.getByRole('main').getByText(permission, { exact: true }).first().waitFor()
    await look(adam, 'not-granted-yet')

    const grace = await browser.person()
    await grace.goto(link)
    await grace.getByText('You have been invited').waitFor()
    await look(grace, 'invitation')
    await comeToReview(grace, link, 'grace@contoso.onmicrosoft.com')
    await grant(grace)
    await seeEverythingArrive(grace)

    await adam.getByRole('button', { name: 'Check again' }).click()
    await seeEverythingArrive(adam)
    const { tenant, counts, audit } = await place.show(DEMO.contoso)
    assert.equal(tenant.state, 'active')
    assert.deepEqual(counts, { user: 60, group: 8 })
    assert.ok(audit.some(({ action }) => action === 'grants.failed'))
  })

  test('T04: a Global Administrator grants by hand, and the page recognises it', async () => {
    const adam = await browser.person({ clipboard: true })
    await tryToGrant(adam, 'adam@fabrikam.onmicrosoft.com')
    const script = await copied(adam, 'Script for the Azure CLI')
    const download = adam.waitForEvent('download')
    await adam.getByRole('link', { name: 'Download the script' }).click()
    assert.equal((await download).suggestedFilename(), 'grant-permissions.sh')
    const permissions = /^PERMISSIONS='(.+)'$/m.exec(script)?.[1]?.split(' ') ?? []
    assert.deepEqual(permissions, ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'])

    const grace = await commandLineOf(place.emulator, 'grace@fabrikam.onmicrosoft.com')
    const [first = '', ...rest] = permissions
    assert.equal(await grace.assign(first), 201)
    await adam.getByRole('button', { name: 'Check again' }).click()
    await adam.getByText('Still missing:').waitFor()
    assert.deepEqual(await stillMissing(adam), rest)
    for (const permission of rest) assert.equal(await grace.assign(permission), 201)
    await adam.getByRole('button', { name: 'Check again' }).click()
    await seeEverythingArrive(adam)
    assert.equal((await place.show(DEMO.fabrikam)).tenant.state, 'active')
    assert.deepEqual(await grace.held(), [...permissions].sort())
  })

  async function tryToGrant(page: Page, username: string): Promise<void> {
    await comeToReview(page, place.landing, username)
    await page.getByText('Your directory role probably does not allow this').waitFor()
    await grant(page)
    await page.getByRole('heading', { name: 'Another administrator has to finish this' }).waitFor()
    await page
      .getByText('A Global Administrator or a Privileged Role Administrator of your organisation')
      .first()
      .waitFor()
  }
})

/** Presses the copy button of a block, and gives what a person would paste. */
async function copied(page: Page, label: string): Promise<string> {
  const block = page.getByRole('figure').filter({ has: page.getByRole('region', { name: label }) })
  await block.getByRole('button', { name: `Copy ${label}` }).click()
  await block.getByText('Copied').waitFor()
  return page.evaluate<string>('navigator.clipboard.readText()')
}

const stillMissing = (page: Page): Promise<string[]> => page.getByText('Still missing:').locator('code').allInnerTexts()
