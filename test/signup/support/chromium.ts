import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** @throws when no Chromium is installed, saying how to install it */
export function launchChromium(): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place))
  if (!executablePath)
    throw new Error('The tests need Chromium. On Debian or Ubuntu, as root: apt-get install chromium')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
}

/** Every scheme once; the small screen is also a window of 1280 px at 400 %. @see WCAG 2.2, 1.4.10 Reflow */
const VIEWS = [
  { viewport: { width: 320, height: 780 }, colorScheme: 'light' },
  { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
] as const
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Everything that is wrong with how a page looks, on a small and on a large screen, by day and by night. */
export async function flawsOf(page: Page): Promise<string[]> {
  const flaws: string[] = []
  for (const { viewport, colorScheme } of VIEWS) {
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
    const found = violations.map(
      ({ id, nodes }) =>
        `${id} at ${nodes.map(({ target, any }) => `${target.join(' ')} (${any[0]?.message ?? ''})`).join(', ')}`,
    )
    const misfits = await page.evaluate<string[]>(MISFITS)
    flaws.push(...[...found, ...misfits].map((flaw) => `${viewport.width} px, ${colorScheme}: ${flaw}`))
  }
  return flaws
}

/** What nobody could read on paper: printed by whoever works in the dark, with everything folded. */
export async function unreadableOnPaper(page: Page): Promise<string[]> {
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  const { violations } = await new AxeBuilder({ page }).withRules(['color-contrast']).analyze()
  const folded = await page.evaluate<string[]>(FOLDED)
  await page.emulateMedia({ media: 'screen' })
  return [...violations.flatMap(({ nodes }) => nodes.map(({ target }) => target.join(' '))), ...folded]
}

/** Runs in the page. */
const FOLDED = `[...document.querySelectorAll('details pre')]
  .filter((pre) => !pre.checkVisibility({ contentVisibilityAuto: true }) || pre.getBoundingClientRect().height === 0)
  .map((pre) => pre.textContent)`

/**
 * Runs in the page. A link within a sentence is as high as its line.
 * @see WCAG 2.2, 2.5.8 Target Size, exception "Inline"
 */
const MISFITS = `[
  ...(document.documentElement.scrollWidth > innerWidth ? ['the page is wider than the screen'] : []),
  ...[...document.querySelectorAll('a, button, summary')]
    .filter((target) => getComputedStyle(target).display !== 'inline')
    .map((target) => ({ text: target.textContent.trim(), ...target.getBoundingClientRect().toJSON() }))
    .filter(({ width, height }) => width > 0 && height < 44)
    .map(({ text, height }) => '“' + text + '” is only ' + height + ' px high'),
  ...[...document.querySelectorAll('button, .button')]
    .map((button) => ({ text: button.innerText.trim(), width: button.getBoundingClientRect().width }))
    .filter(({ width }) => width > 0 && width < 44)
    .map(({ text, width }) => '“' + text + '” is squeezed to ' + width + ' px'),
  ...[...document.querySelectorAll('dd')]
    .filter((figure) => /^[\\d,]+$/.test(figure.textContent.trim()))
    .filter((figure) => {
      const range = document.createRange()
      range.selectNodeContents(figure)
      return new Set([...range.getClientRects()].map(({ top }) => top)).size > 1 || figure.scrollWidth > figure.clientWidth
    })
    .map((figure) => '“' + figure.textContent.trim() + '” does not stand on one line'),
]`
