import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { accept, begin, comeToReview, signIn } from '#test/journeys/steps.ts'
import { look, openBrowser, type Page, type Surfing } from '#test/support/browser.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

suite('who cannot finish is told what to do', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  before(async () => {
    place = await openDeployment(scope)
    browser = await openBrowser(scope)
    await place.open('dev')
  })

  test('T04: an ordinary user meets Microsoft’s “Need admin approval”, returns, and gets a link to send', async () => {
    const uma = await browser.person()
    await begin(uma, place.landing)
    await signIn(uma, 'uma@contoso.onmicrosoft.com')
    await uma.getByRole('heading', { name: 'Need admin approval' }).waitFor()
    await look(uma, 'microsoft-need-admin-approval')
    await uma.getByRole('button', { name: 'Return to the application without granting consent' }).click()
    await uma.getByRole('heading', { name: 'An administrator has to take this step' }).waitFor()
    await look(uma, 'admin-approval-needed')
    const link = uma.getByRole('region', { name: 'Link for an administrator' })
    assert.equal((await link.innerText()).trim(), `${place.landing}/`)
    await nothingInTheAddress(uma)
  })

  test('whoever cancels at Microsoft finds that nothing was changed, and may start again', async () => {
    const grace = await browser.person()
    await begin(grace, place.landing)
    await signIn(grace, 'grace@contoso.onmicrosoft.com')
    await grace.getByRole('button', { name: 'Cancel' }).click()
    await grace.getByRole('heading', { name: 'You declined, and nothing was changed' }).waitFor()
    await look(grace, 'declined')
    await nothingInTheAddress(grace)
    await grace.getByRole('button', { name: 'Start again' }).click()
    await grace.getByRole('heading', { name: 'Pick an account' }).waitFor()
    await look(grace, 'microsoft-pick-an-account')
    await grace.getByRole('button', { name: 'Grace Admin' }).click()
    await grace.getByRole('button', { name: 'Accept' }).waitFor()
  })

  test('S10: a personal account is refused by Microsoft, and by us should Microsoft let it pass', async () => {
    const pat = await browser.person()
    await begin(pat, place.landing)
    await signIn(pat, 'pat@outlook.example')
    await pat.getByText('AADSTS50020').waitFor()
    await look(pat, 'microsoft-personal-account')

    place.emulator.mischief.once({ word: 'idtoken.tid=personal' })
    const grace = await browser.person()
    await begin(grace, place.landing)
    await signIn(grace, 'grace@contoso.onmicrosoft.com')
    await accept(grace)
    await grace.getByRole('heading', { name: 'That was a personal account' }).waitFor()
    await look(grace, 'personal-account')
    assert.equal((await place.run('tenants', 'list')).stdout.trim(), 'No tenants.')
  })

  test('T01: an administrator of another tenant is refused at an invitation; nothing is changed for either', async () => {
    const grace = await browser.person()
    await begin(grace, `${place.landing}/?tenant=${DEMO.contoso}`)
    await signIn(grace, 'grace@fabrikam.onmicrosoft.com')
    await grace.getByText('AADSTS50020').waitFor()
    assert.equal((await place.run('tenants', 'list')).stdout.trim(), 'No tenants.')
    assert.equal(place.emulator.requests.list({ path: 'appRoleAssignedTo' }).length, 0)
  })

  test('S01: pages that belong to a sign-up say so where none is open', async () => {
    const somebody = await browser.person()
    for (const path of ['welcome', 'progress', 'connected', 'script']) {
      const answer = await somebody.goto(`${place.landing}/sign-up/${path}`)
      assert.equal(answer?.status(), 400, path)
      await somebody.getByRole('heading', { name: 'This sign-up is not known' }).waitFor()
    }
    await look(somebody, 'no-sign-up')
    assert.equal((await somebody.goto(`${place.landing}/nowhere`))?.status(), 404)
    await look(somebody, 'no-such-page')
  })

  test('S03: the way back opened a second time is refused, and the sign-up that it began goes on', async () => {
    const grace = await browser.person()
    const [returned] = await Promise.all([
      grace.waitForRequest(/\/sign-up\/callback\?/),
      comeToReview(grace, place.landing, 'grace@fabrikam.onmicrosoft.com'),
    ])
    const address = returned.url()
    assert.equal((await grace.goto(address))?.status(), 409)
    await grace.getByRole('heading', { name: 'This step has been done already' }).waitFor()
    await grace.getByText('Go on with the sign-up that is open in this browser, or start again.').waitFor()
    await grace.getByRole('link', { name: 'Go on with your sign-up' }).click()
    await grace.getByRole('heading', { name: 'Connect Fabrikam?' }).waitFor()
  })
})

/** What Microsoft sent along leaves the address bar. */
async function nothingInTheAddress(page: Page): Promise<void> {
  await page.waitForURL((url) => url.search === '')
}
