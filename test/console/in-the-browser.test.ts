import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/database/open.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { openPerson } from '#test/console/support/person.ts'
import { look, openBrowser, type Page } from '#test/support/browser.ts'
import { type HandClock, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant, madeUp } from '#test/support/made-up.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

/** As long as Microsoft lets a name be, and in no words. @see https://learn.microsoft.com/graph/api/resources/organization */
const LONGEST = 'W'.repeat(256)

/** Runs in the page: what goes on beyond the column of everything else. */
const stickingOut = (which: string) => `(() => {
  const edge = document.querySelector('main').getBoundingClientRect().right
  const padding = Number.parseFloat(getComputedStyle(document.querySelector('main')).paddingRight)
  return [...document.querySelectorAll('main ${which}')]
    .filter((element) => !element.closest('pre, .unseen, thead'))
    .filter((element) => element.getBoundingClientRect().right > edge - padding + 1)
    .map((element) => element.tagName + '.' + element.className)
})()`
const STICKING_OUT = stickingOut('*')

suite('the console in a browser', { concurrency: false }, () => {
  const scope = suiteScope()
  let site: Site
  let page: Page
  let clock: HandClock
  let [long, plainOne]: TenantId[] = []
  before(async () => {
    clock = handClock(new Date())
    site = await openSite(scope, { clock })
    const { store } = site.tools
    long = await aTenant(store, { displayName: LONGEST, state: 'degraded' })
    plainOne = await aTenant(store, { displayName: 'مصرف الأفق' })
    for (const id of [long, plainOne]) {
      const run = madeUp.runId()
      await asTenant(store, id, (sql) => startRun(sql, { id: run }))
      await asTenant(store, id, (sql) => finishRun(sql, run, { state: 'succeeded', diagnosis: null }))
    }
    const olivia = openPerson(site)
    await olivia.signIn()
    page = await (await openBrowser(scope)).person()
    await page
      .context()
      .addCookies([...olivia.cookies].map(([name, value]) => ({ name, value, url: site.url, httpOnly: true })))
  })

  test('the longest name and the narrowest window, text at twice its size: nothing sticks out', async () => {
    for (const path of ['/', '/tenants', `/tenants/${long}`, `/tenants/${long}/offboard`, '/jobs', '/audit']) {
      await page.goto(`${site.url}${path}`)
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 })
        assert.deepEqual(await page.evaluate(STICKING_OUT), [], `${path} at ${width} px`)
      }
      // Just as wide as a table is one; it may scroll, the card around it stays where the others are.
      await page.setViewportSize({ width: 645, height: 800 })
      assert.deepEqual(await page.evaluate(stickingOut(':is(.card, .table-frame)')), [], `${path} at 645 px`)
      await page.setViewportSize({ width: 360, height: 800 })
      await page.evaluate(`document.documentElement.style.fontSize = '200%'`)
      assert.deepEqual(await page.evaluate(STICKING_OUT), [], `${path} with large text`)
    }
    await page.goto(`${site.url}/tenants/${long}/offboard`)
    await look(page, 'console-longest-name')
  })

  test('the list is sorted from a small screen, too, and readers are told by what', async () => {
    await page.setViewportSize({ width: 360, height: 800 })
    await page.goto(`${site.url}/tenants`)
    await page.getByRole('link', { name: 'Changed', exact: true }).click()
    await page.waitForURL('**/tenants?sort=changed&order=desc')
    const heads = await page.locator('thead th').evaluateAll((all) => all.map((one) => one.getAttribute('aria-sort')))
    assert.deepEqual(heads, [null, null, null, 'descending'])
    for (const name of ['Tenant', 'State', 'Last run', 'Changed']) {
      const box = await page.getByRole('link', { name, exact: true }).boundingBox()
      assert.ok(box && box.width >= 24 && box.height >= 24, name)
    }
    await page.setViewportSize({ width: 1440, height: 800 })
  })

  test('what a button has opened is put away with Escape, and one is where one was', async () => {
    await page.goto(`${site.url}/tenants/${plainOne}`)
    await page.locator('summary', { hasText: 'Pause…' }).click()
    await page.getByLabel('Why, for your colleagues').fill('They asked for it.')
    await page.keyboard.press('Escape')
    await page.getByLabel('Why, for your colleagues').waitFor({ state: 'hidden' })
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Pause…')
    await page.keyboard.press('Enter')
    assert.equal(await page.getByLabel('Why, for your colleagues').inputValue(), 'They asked for it.')
  })

  test('the overview looks by itself how things stand, but not under somebody’s hands, and leaves open what is open', async () => {
    const { store } = site.tools
    const waiting = aDiagnosis({ code: 'UNAVAILABLE', owner: 'microsoft', message: 'Graph is busy.' })
    const run = madeUp.runId()
    await asTenant(store, plainOne as TenantId, (sql) => startRun(sql, { id: run }))
    await asTenant(store, plainOne as TenantId, (sql) => finishRun(sql, run, { state: 'failed', diagnosis: waiting }))
    clock.pass(MINUTE)
    await page.clock.install()
    await page.goto(site.url)
    await page.locator('summary', { hasText: '1 trouble that only waiting mends' }).click()
    await page.evaluate('document.body.dataset.same = "yes"')
    const tenants = (count: number) => page.getByRole('heading', { name: `${count} tenants` })
    await tenants(2).waitFor()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))

    await aTenant(store, { displayName: 'Newcomer' })
    clock.pass(MINUTE)
    await page.getByRole('link', { name: 'All tenants' }).focus()
    await page.clock.runFor(MINUTE + 1_000)
    await page.evaluate('document.activeElement.blur()')
    await page.mouse.move(0, 0)
    await page.clock.runFor(MINUTE + 1_000)
    await tenants(3).waitFor()
    assert.deepEqual(asked, [`${site.url}/`], 'once: not while a link was in somebody’s hand')
    assert.equal(await page.evaluate('document.body.dataset.same'), 'yes', 'it was not loaded anew')
    await page.getByText('Graph is busy.').waitFor()

    clock.pass(61 * MINUTE)
    await page.clock.runFor(MINUTE + 1_000)
    await page.waitForURL(`${site.url}/sign-in`)
  })
})
