import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, type Page } from 'playwright-core'
import { root } from '#test/support/programs.ts'
import type { Scope } from '#test/support/suite-scope.ts'

export type { Page } from 'playwright-core'

/** A person at a browser of his own: no cookie is shared with anybody else's. */
export type PersonOptions = { javaScript?: boolean; clipboard?: boolean }

/** Chromium without a window, for one file of tests. */
export type Surfing = {
  /** A new person with one open page, at which everything that goes wrong is written down. */
  person(options?: PersonOptions): Promise<Page>
}

const PICTURES = join(root, 'artefacts', 'pages')
const WIDTHS = [
  { width: 360, height: 740 },
  { width: 1440, height: 900 },
] as const
const SCHEMES = ['light', 'dark'] as const
/** Colours differ by scheme, order and size by width: two of the four show axe everything. */
const FOR_AXE = ['360-light', '1440-dark']
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const PATIENCE_MILLISECONDS = 45_000

/** Closed after the tests. What went wrong in any page of it (an error of a script, a breach of the policy of contents) fails them. */
export async function openBrowser(scope: Scope): Promise<Surfing> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
  })
  const faults: string[] = []
  scope.after(async () => {
    await browser.close()
    assert.deepEqual(faults, [], 'no page reports an error')
  })
  return {
    async person({ javaScript = true, clipboard = false } = {}) {
      const context = await browser.newContext({
        javaScriptEnabled: javaScript,
        viewport: WIDTHS[1],
        ...(clipboard ? { permissions: ['clipboard-read', 'clipboard-write'] } : {}),
      })
      context.setDefaultTimeout(PATIENCE_MILLISECONDS)
      const page = await context.newPage()
      watch(page, faults)
      return page
    },
  }
}

/** Errors of scripts, breaches of the content security policy, and files that a page asks for in vain. */
function watch(page: Page, faults: string[]): void {
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    // A page with status 403 is an answer, too; what a page loads besides itself is looked at below.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(`${page.url()}: ${message.text()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400 && !response.request().isNavigationRequest())
      faults.push(`${page.url()}: ${response.url()} answers ${response.status()}`)
  })
}

/**
 * Looks at the page as it is now in four ways (narrow and wide, light and dark), keeps a picture of each in
 * `artefacts/pages`, and holds that nothing runs out of the side and that axe finds no fault.
 */
export async function look(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  const before = page.viewportSize()
  for (const size of WIDTHS) {
    await page.setViewportSize(size)
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme })
      const way = `${size.width}-${colorScheme}`
      const path = join(PICTURES, `${name}-${way}.png`)
      await page.screenshot({ path, fullPage: true, animations: 'disabled' })
      if (!FOR_AXE.includes(way)) continue
      const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze()
      assert.deepEqual(violations.map(describe), [], `${name} ${way}: axe`)
    }
    const [content, window] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    )
    assert.ok(content <= window, `${name} runs out of the side at ${size.width}: ${content} > ${window}`)
  }
  await page.emulateMedia({ colorScheme: null })
  if (before) await page.setViewportSize(before)
}

const describe = ({ id, help, nodes }: Awaited<ReturnType<AxeBuilder['analyze']>>['violations'][number]) =>
  `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`

/** @throws when there is none, saying how to install it */
function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '')
  const found = ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file))
  if (found) return found
  throw new Error('The journeys need Chromium. Install it, for example with: apt-get install chromium')
}
