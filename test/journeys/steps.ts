import { DEMO } from '#emulator/index.ts'
import type { Page } from '#test/support/browser.ts'

/** What people do on the way, in the words of the pages. */

/** From the landing page, or an invitation, to Microsoft. */
export async function begin(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await page.getByRole('button', { name: 'Continue with Microsoft' }).first().click()
}

/** Account and password, on Microsoft's pages. */
export async function signIn(page: Page, username: string): Promise<void> {
  await page.getByLabel('Account', { exact: true }).fill(username)
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByLabel('Password').fill(DEMO.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Accepts; for the whole organisation where Microsoft offers it, which it does to a Global Administrator alone. */
export async function accept(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Accept' })
  await button.waitFor()
  const forAll = page.getByLabel('Consent on behalf of your organization')
  if ((await forAll.count()) > 0) await forAll.check()
  await button.click()
}

/** All of it, up to the page on which nothing has been changed yet. */
export async function comeToReview(page: Page, address: string, username: string): Promise<void> {
  await begin(page, address)
  await signIn(page, username)
  await accept(page)
  await page.waitForURL('**/sign-up/welcome')
}

/** The one change, and the page on which it is watched. */
export const grant = (page: Page): Promise<void> => page.getByRole('button', { name: 'Grant and connect' }).click()

/** A dead worker's job goes to another one after some silence. */
const PATIENCE_MILLISECONDS = 180_000

/** To the end: connected, and everything read. */
export async function seeEverythingArrive(page: Page): Promise<void> {
  await page.waitForURL('**/sign-up/connected')
  await page.getByText('Every page of your directory has been read.').waitFor({ timeout: PATIENCE_MILLISECONDS })
}

/** The figures of the connected page, by their names. */
export async function tiles(page: Page): Promise<Record<string, string>> {
  const texts = await page.locator('.figure-tile').allInnerTexts()
  return Object.fromEntries(texts.map((text) => text.split('\n').map((line) => line.trim()) as [string, string]))
}
