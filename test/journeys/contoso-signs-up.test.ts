import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { accept, begin, comeToReview, grant, seeEverythingArrive, tiles } from '#test/journeys/steps.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { look, openBrowser, type Page, type Surfing } from '#test/support/browser.ts'
import { type Customer, type Deployment, openDeployment } from '#test/support/deployment.ts'
import type { Program } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const ADATUM: Customer = {
  id: '44444444-4444-4444-8444-444444444444',
  name: 'Adatum',
  domain: 'adatum.example',
  users: 25,
}
const LITWARE: Customer = {
  id: '55555555-5555-4555-8555-555555555555',
  name: 'Litware',
  domain: 'litware.example',
  users: 25,
}

suite('a Global Administrator signs up', () => {
  const scope = suiteScope()
  let place: Deployment
  let browser: Surfing
  let program: Program
  let heaps: string
  before(async () => {
    heaps = temporaryFolder(scope)
    const settings = { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${heaps}` }
    ;[place, browser] = await Promise.all([
      openDeployment(scope, { customers: [ADATUM, LITWARE], settings }),
      openBrowser(scope),
    ])
    program = await place.open('dev')
  })

  test('Contoso: from the landing page to connected, and every page is fit to be seen', async () => {
    const { emulator, landing } = place
    const page = await browser.person()
    await page.goto(landing)
    await look(page, 'landing')
    await begin(page, landing)
    await page.getByLabel('Account', { exact: true }).waitFor()
    await look(page, 'microsoft-account')
    await page.getByLabel('Account', { exact: true }).fill('grace@contoso.onmicrosoft.com')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByLabel('Password').waitFor()
    await look(page, 'microsoft-password')
    await page.getByLabel('Password').fill(DEMO.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: 'Accept' }).waitFor()
    await look(page, 'microsoft-consent')
    await accept(page)
    await page.waitForURL('**/sign-up/welcome')
    const plan = page.getByRole('main')
    await plan.getByRole('heading', { name: 'Connect Contoso?' }).waitFor()
    await plan.getByText('3 permissions are added').waitFor()
    for (const permission of ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'])
      await plan.getByText(permission, { exact: true }).first().waitFor()
    await look(page, 'review')

    // As long as Microsoft's tokens do not carry the new roles, one can look at the page that waits for them.
    emulator.lag.set({ assignmentTokens: 1_000_000 })
    await grant(page)
    await page.waitForURL('**/sign-up/progress')
    await page.getByText('Check that Northwind Insights can work without you').waitFor()
    await look(page, 'progress')
    emulator.lag.clear()
    await seeEverythingArrive(page)
    await page.getByText('Among the first to arrive').waitFor()
    await look(page, 'connected')
    const { Users, Groups } = await tiles(page)
    assert.deepEqual({ Users, Groups }, { Users: '60', Groups: '8' })
    await page.getByRole('link', { name: 'How to leave' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'How to leave Northwind Insights' }).waitFor()
    await look(page, 'leave')

    const { tenant, grants, counts, audit } = await place.show(DEMO.contoso)
    assert.equal(tenant.state, 'active')
    assert.deepEqual(counts, { user: 60, group: 8 })
    assert.deepEqual(grants.map(({ permission, status }) => `${permission} ${status}`).sort(), [
      'Group.Read.All granted',
      'Organization.Read.All granted',
      'User.Read.All granted',
    ])
    assert.deepEqual(audit.filter(({ action }) => action === 'grants.applied').length, 3)
  })

  test('Adatum: with the keyboard alone', async () => {
    const page = await browser.person()
    await page.goto(place.landing)
    await page.keyboard.press('Tab')
    assert.match(await focused(page), /^link "Skip to the content"/)
    await pressWith(page, 'Continue with Microsoft')
    await isFocused(page.getByLabel('Account', { exact: true }))
    await page.keyboard.type('grace@adatum.example')
    await page.keyboard.press('Tab')
    await pressWith(page, 'Next')
    await isFocused(page.getByLabel('Password'))
    await page.keyboard.type(DEMO.password)
    await page.keyboard.press('Enter')
    await page.getByLabel('Consent on behalf of your organization').waitFor()
    await tabTo(page, 'Consent on behalf of your organization')
    await page.keyboard.press('Space')
    await pressWith(page, 'Accept')
    await page.waitForURL('**/sign-up/welcome')
    await pressWith(page, 'Grant and connect')
    await seeEverythingArrive(page)
    assert.equal((await tiles(page)).Users, '25')
    await pressWith(page, 'Sign out')
    await page.getByRole('heading', { level: 1, name: 'You are signed out' }).waitFor()
    await look(page, 'signed-out')
    await pressWith(page, 'To the first page')
    await page.waitForURL(`${place.landing}/`)
  })

  test('Litware: with JavaScript disabled', async () => {
    const page = await browser.person({ javaScript: false })
    await comeToReview(page, place.landing, 'grace@litware.example')
    await grant(page)
    await seeEverythingArrive(page)
    assert.equal((await tiles(page)).Users, '25')
  })

  test('T12 of their tokens nothing is left in the memory of the process', async () => {
    program.signal('SIGUSR2')
    const heap = await until('the memory is written down', () => {
      const [file] = readdirSync(heaps)
      const text = file ? readFileSync(join(heaps, file), 'utf8') : ''
      return text.trimEnd().endsWith('}') && text
    })
    const tokens = payloadsIn(heap)
    const ofTheApp = tokens.filter((payload) => payload.includes('"idtyp":"app"'))
    for (const tenantId of [DEMO.contoso, ADATUM.id, LITWARE.id])
      assert.ok(
        ofTheApp.some((payload) => payload.includes(tenantId)),
        'the search finds what is there: the tokens of the app itself',
      )
    assert.deepEqual(
      tokens.filter((payload) => !payload.includes('"idtyp":"app"')),
      [],
    )
  })
})

/** What stands in everything that looks like a signed token; of a long text V8 writes the beginning only. */
const payloadsIn = (heap: string): string[] =>
  [...heap.matchAll(/eyJ[\w-]{20,}\.(eyJ[\w-]{40,})/g)].map(([, payload = '']) =>
    Buffer.from(payload, 'base64url').toString('latin1'),
  )

/** A browser puts the focus in with the next picture it draws, which may be after a page has loaded. */
const isFocused = (field: ReturnType<Page['getByLabel']>) => field.and(field.page().locator(':focus')).waitFor()

/** What a key would reach now, as a screen reader says it: `button "Next"`. */
async function focused(page: Page): Promise<string> {
  const here = page.locator(':focus')
  return (await here.count()) === 0 ? '' : ((await here.first().ariaSnapshot()).split('\n')[0]?.slice(2) ?? '')
}

/** More than any page has things to stop at. */
const MOST_STOPS = 60

async function tabTo(page: Page, name: string): Promise<void> {
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if ((await focused(page)).includes(`"${name}"`)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`the keyboard does not reach “${name}” on ${page.url()}`)
}

async function pressWith(page: Page, name: string): Promise<void> {
  await tabTo(page, name)
  await page.keyboard.press('Enter')
}
