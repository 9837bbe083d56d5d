import type { Emulator } from '#emulator/index.ts'
import { openBrowser, type Page } from '#emulator/test/support/browser.ts'

/** A person types the code of a device in, signs in, and accepts what is asked, if anything is. */
export async function typeInDeviceCode(emulator: Emulator, code: string, username: string): Promise<Page> {
  const browser = openBrowser(emulator)
  const address = `${emulator.browserOrigin}/common/oauth2/deviceauth`
  const account = await browser.press(await browser.open(address), { user_code: code })
  const password = await browser.press(account, { action: 'next', loginfmt: username })
  const page = await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
  return page.text.includes('Permissions requested') ? browser.press(page, { action: 'accept' }) : page
}
