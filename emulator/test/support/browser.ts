import assert from 'node:assert/strict'
import { Agent, fetch } from 'undici'
import type { Emulator } from '#emulator/index.ts'

/** Where a browser stands: a page of the emulator, or an address of the client that it was sent to. */
export type Page = { status: number; url: URL; text: string; headers: Headers }
export type Browser = {
  open(url: string): Promise<Page>
  /** Presses a button of the page's form. */
  press(page: Page, fields: Record<string, string>): Promise<Page>
}

/** A small browser: keeps cookies, follows redirects, and stops at the door of the client. */
export function openBrowser(emulator: Emulator): Browser {
  const dispatcher = new Agent({ connect: { ca: emulator.ca } })
  const cookies = new Map<string, string>()
  const go = async (url: URL, form?: Record<string, string>): Promise<Page> => {
    const inside = url.origin === emulator.browserOrigin || url.origin === emulator.origin
    if (!inside) return { status: 0, url, text: '', headers: new Headers() }
    const response = await fetch(url, {
      dispatcher,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/max-age=0/i.test(cookie)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await response.text()
    const location = response.headers.get('location')
    return location
      ? go(new URL(location, url))
      : { status: response.status, url, text, headers: new Headers([...response.headers]) }
  }
  return {
    open: (url) => go(new URL(url)),
    press: (page, fields) => {
      const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1]
      assert.ok(action, `no form on the page:\n${page.text}`)
      return go(new URL(action, page.url), fields)
    },
  }
}

export type Person = { username: string; password?: string }

/** Account and password; where that leads: consent, approval, or back to the client. */
export async function signIn(
  browser: Browser,
  url: string,
  { username, password = 'Passw0rd!' }: Person,
): Promise<Page> {
  const account = await browser.open(url)
  const secret = await browser.press(account, { action: 'next', loginfmt: username })
  return browser.press(secret, { action: 'signin', passwd: password })
}

/** Signs in and accepts whatever is asked. */
export async function signInAndAccept(
  browser: Browser,
  url: string,
  person: Person,
  { organization = false }: { organization?: boolean } = {},
): Promise<Page> {
  const page = await signIn(browser, url, person)
  if (page.status === 0) return page
  assert.match(page.text, /Permissions requested/)
  return browser.press(page, { action: 'accept', ...(organization ? { onBehalfOf: 'organization' } : {}) })
}
