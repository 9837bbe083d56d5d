import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { tasks } from '#daemon/tasks.ts'
import { DEMO } from '#emulator/index.ts'
import { startRunner } from '#jobs/runner.ts'
import { flawsOf, launchChromium, unreadableOnPaper } from '#test/signup/support/chromium.ts'
import { CONTOSO, FABRIKAM, FEW_PEOPLE, peopleOf } from '#test/signup/support/customers.ts'
import { foreignSite } from '#test/signup/support/foreign-site.ts'
import { openSite, type Site } from '#test/signup/support/open-site.ts'
import { holdOpen } from '#test/support/hold-open.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const fabrikam = peopleOf('fabrikam.onmicrosoft.com')
const contoso = peopleOf('contoso.onmicrosoft.com')
/** Names as long as they come. */
const MAXIMILIANE = 'maximiliane-alexandra.von-hohenlohe-schillingsfuerst@elektrizitaetsgesellschaft.example'
const donaudampf = {
  id: '55555555-5555-4555-8555-555555555555',
  displayName: 'Allgemeine Donaudampfschifffahrts- und Elektrizitätsgesellschaft "Süd" <AG>',
  domains: ['elektrizitaetsgesellschaft.example'],
  users: [
    {
      userPrincipalName: MAXIMILIANE,
      displayName: 'Maximiliane-Alexandra von und zu Hohenlohe-Schillingsfürst',
      password: DEMO.password,
      roles: ['Global Administrator'],
    },
  ],
}

/** Runs in the page: single lines that go on where nobody sees them. */
const CUT_OFF = `[...document.querySelectorAll('.code pre')]
  .filter((pre) => !pre.textContent.includes('\\n') && pre.scrollWidth > pre.clientWidth)
  .map((pre) => pre.textContent)
  .join(' ')`

suite('the landing page in a browser', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let chromium: Browser
  let untouched = ''
  before(async () => {
    chromium = await launchChromium()
    site = await openSite(scope, { tenants: [donaudampf] })
    const runner = startRunner(site.tools.jobs, tasks(site.tools), { concurrency: 1 })
    scope.after(() => runner.stop())
    untouched = site.emulator.snapshot()
  })
  after(() => chromium.close())
  beforeEach(() => {
    site.emulator.restore(untouched)
    site.emulator.lag.clear()
  })

  /** A browser of its own; whatever it complains about fails the test. */
  const open = async (t: TestContext, { script = true } = {}): Promise<Page> => {
    const context = await chromium.newContext({
      baseURL: site.url,
      javaScriptEnabled: script,
    })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.url })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/the server responded with a status of 4\d\d/.test(message.text()))
        complaints.push(message.text())
    })
    t.after(async () => {
      await context.close()
      assert.deepEqual(complaints, [])
    })
    return page
  }
  const signIn = async (page: Page, username: string, path = '/'): Promise<void> => {
    await page.goto(path)
    await page.getByRole('button', { name: 'Continue with Microsoft' }).click()
    await page.fill('[name=loginfmt]', username)
    await page.click('[value=next]')
    await page.fill('[name=passwd]', DEMO.password)
    await page.click('[value=signin]')
  }
  const arrive = async (page: Page, username: string, path?: string): Promise<void> => {
    await signIn(page, username, path)
    await page.click('[value=accept]')
    await page.waitForURL('**/sign-up/welcome')
  }
  const heading = (page: Page) => page.locator('h1').innerText()
  const flawless = async (page: Page, where: string) => assert.deepEqual(await flawsOf(page), [], where)
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

  test('the pages that need nobody to be signed in are without flaw', async (t) => {
    const page = await open(t)
    for (const path of ['/', `/?tenant=${FABRIKAM}`, '/?tenant=nope', '/leave', '/nowhere', '/sign-up/welcome']) {
      await page.goto(path)
      await flawless(page, path)
    }
  })

  test('who is sent on from Microsoft to a sign-in of the tenant’s own gets there, with or without script, and back', async (t) => {
    const federation = await foreignSite(t, '<h1>Sign in at Fabrikam</h1>')
    const answer = { status: 302, headers: { location: `${federation}/adfs/ls` }, body: '' }
    site.emulator.mischief.add({ at: 'authorize', answer })
    t.after(() => site.emulator.mischief.clear())
    for (const script of [true, false]) {
      const page = await open(t, { script })
      for (let times = 0; times < 2; times++) {
        if (times === 0) await page.goto('/')
        await press(page, 'Continue with Microsoft')
        await page.waitForURL(`${federation}/adfs/ls`)
        await page.goBack()
        assert.equal(new URL(page.url()).pathname, '/', 'the page in between is not in the way')
      }
    }
  })

  test('whose browser does not go on by itself sees a page without flaw, with a link to Microsoft', async (t) => {
    const page = await open(t)
    await page.route('**/sign-up', async (route) => {
      const response = await route.fetch({ headers: { ...route.request().headers(), origin: site.url } })
      await route.fulfill({ response, body: (await response.text()).replace(/<meta http-equiv="refresh"[^>]*>/, '') })
    })
    await page.goto('/')
    await press(page, 'Continue with Microsoft')
    assert.equal(await heading(page), 'On to Microsoft')
    await flawless(page, 'on to Microsoft')
    await page.getByRole('link', { name: 'Continue to Microsoft' }).click()
    await page.fill('[name=loginfmt]', fabrikam.globalAdministrator)
  })

  test('a Global Administrator connects the organisation, and every page on the way is without flaw', async (t) => {
    const page = await open(t)
    await arrive(page, fabrikam.globalAdministrator)
    assert.equal(await heading(page), 'Connect Fabrikam?')
    await flawless(page, 'welcome')

    site.emulator.lag.set({ assignmentTokens: 1_000 })
    await press(page, 'Grant and connect')
    await page.waitForURL('**/sign-up/progress')
    await page.getByText('Check that Northwind Insights can work without you').waitFor()
    await flawless(page, 'progress')
    site.emulator.lag.clear()
    await page.waitForURL('**/sign-up/connected')
    assert.equal(await heading(page), 'Fabrikam is connected')
    await page.getByText('Every page of your directory has been read.').waitFor()
    assert.equal(await page.locator('.figure-tile dd').first().innerText(), String(FEW_PEOPLE.users))
    assert.deepEqual(await unreadableOnPaper(page), [], 'who prints it has how to leave on paper')
    for (const fold of await page.locator('summary').all()) await fold.click()
    await flawless(page, 'connected')
    await page
      .locator('.figure-tile dd')
      .first()
      .evaluate((figure) => (figure.textContent = '1,234,567'))
    await flawless(page, 'connected, with very many people')
  })

  test('very long names are shown whole and squeeze nothing', async (t) => {
    const page = await open(t)
    await arrive(page, MAXIMILIANE)
    assert.equal(await heading(page), `Connect ${donaudampf.displayName}?`)
    await flawless(page, 'welcome with long names')
  })

  test('an Application Administrator hands over, and a colleague finishes', async (t) => {
    const adam = await open(t)
    await arrive(adam, contoso.applicationAdministrator)
    await flawless(adam, 'welcome of an Application Administrator')
    await press(adam, 'Grant and connect')
    await adam.getByRole('heading', { name: 'Another administrator has to finish this' }).waitFor()
    await flawless(adam, 'may not grant')
    assert.match(await adam.title(), /^Another administrator has to finish this/, 'the page is called what it says')
    await adam.setViewportSize({ width: 320, height: 780 })
    assert.equal(await adam.evaluate(CUT_OFF), '', 'a link is shown whole')
    await adam.getByRole('button', { name: 'Copy Invitation link' }).click()
    await adam.getByRole('button', { name: 'Copied Invitation link' }).waitFor()
    await adam.getByRole('status').filter({ hasText: 'Copied Invitation link' }).waitFor({ state: 'attached' })
    const link = await adam.evaluate<string>('navigator.clipboard.readText()')
    assert.equal(link, `${site.url}/?tenant=${CONTOSO}`)
    await press(adam, 'Check again')
    await adam.getByText('Not granted yet').waitFor()
    await flawless(adam, 'not granted yet')

    const priya = await open(t)
    await arrive(priya, contoso.privilegedRoleAdministrator, link)
    await press(priya, 'Grant and connect')
    await priya.waitForURL('**/sign-up/connected')
    await press(adam, 'Check again')
    await adam.waitForURL('**/sign-up/connected')
    assert.equal(await heading(adam), 'Contoso is connected')
  })

  test('an ordinary user is told what to do, and so is who declines', async (t) => {
    const uma = await open(t)
    await signIn(uma, contoso.user)
    await uma.getByText('Need admin approval').waitFor()
    await uma.getByText('Return to the application without granting consent').click()
    await uma.getByRole('heading', { name: 'An administrator has to take this step' }).waitFor()
    await flawless(uma, 'approval needed')
    assert.equal(new URL(uma.url()).search, '', 'what Microsoft sent has left the address bar')

    const grace = await open(t)
    await signIn(grace, contoso.globalAdministrator)
    await grace.click('[value=cancel]')
    await grace.getByRole('heading', { name: 'You declined, and nothing was changed' }).waitFor()
    await flawless(grace, 'declined')
  })

  test('a page that is not kept up to date, because too many are, loads itself again', async (t) => {
    const page = await open(t)
    await arrive(page, contoso.globalAdministrator)
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`)
    const tabs = await Promise.all(
      Array.from({ length: 4 }, () => holdOpen(`${site.url}/sign-up/events`, { cookie: cookies.join('; ') })),
    )
    t.after(() => {
      for (const tab of tabs) tab.hangUp()
    })
    const refused = page.waitForResponse((answer) => answer.url().endsWith('/sign-up/events'))
    site.emulator.lag.set({ assignmentTokens: 1_000 })
    await press(page, 'Grant and connect')
    assert.equal((await refused).status(), 429)
    site.emulator.lag.clear()
    await page.waitForURL('**/sign-up/connected')
  })

  test('everything works without script too', async (t) => {
    const page = await open(t, { script: false })
    await arrive(page, contoso.globalAdministrator)
    site.emulator.lag.set({ assignmentTokens: 1 })
    await press(page, 'Grant and connect')
    await page.waitForURL('**/sign-up/connected')
    assert.equal(await page.getByRole('button', { name: /^Copy/ }).count(), 0, 'no button that could do nothing')
  })
})
