import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signIn, signInAndAccept } from '#emulator/test/support/browser.ts'
import type { Site } from '#test/signup/support/open-site.ts'
import { onwardFrom } from '#test/support/onward.ts'

export type Page = {
  status: number
  path: string
  headers: Record<string, string>
  cookies: readonly string[]
  text: string
  heading: string
}
type Options = {
  headers?: Record<string, string>
  method?: string
  body?: string
  /** Stop at the first answer, even if it leads elsewhere. */
  stay?: boolean
}
type Way = { invitation?: string; accept?: boolean; organization?: boolean }

/** Somebody with a browser that runs no script: keeps the site's cookies and follows it wherever it leads on the site. */
export type Visitor = {
  /** By name. */
  cookies: Map<string, string>
  get(path: string, options?: Options): Promise<Page>
  /** Presses a button of ours. */
  post(path: string, form?: Record<string, string>, options?: Options): Promise<Page>
  /** Presses “Continue with Microsoft”. @returns the address of the sign-in */
  begin(way?: Way): Promise<URL>
  /** Begins, signs in and comes back. @returns the path of the callback, not opened yet */
  comeBack(username: string, way?: Way): Promise<string>
  /** All the way to the first page after the sign-in. */
  arrive(username: string, way?: Way): Promise<Page>
}

const REDIRECTS = [301, 302, 303, 307, 308]

let visitors = 0

/** Each comes from an address of his own, as a proxy tells the site. */
export function openVisitor({ url, emulator }: Pick<Site, 'url' | 'emulator'>): Visitor {
  visitors += 1
  const address = `203.0.113.${visitors}`
  const cookies = new Map<string, string>()
  const ask = async (path: string, options: Options): Promise<Page> => {
    const answer = await send(`${url}${path}`, {
      ...options,
      headers: { 'x-forwarded-for': address, cookie: joined(cookies), ...options.headers },
    })
    for (const line of answer.cookies) keep(cookies, line)
    const { location } = answer.headers
    const next = location === undefined ? null : new URL(location, url)
    if (options.stay || !next || !REDIRECTS.includes(answer.status) || next.origin !== url) return answer
    return ask(next.pathname + next.search, {})
  }
  const post: Visitor['post'] = (path, form = {}, options = {}) =>
    ask(path, {
      method: 'POST',
      body: new URLSearchParams(form).toString(),
      ...options,
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: url, ...options.headers },
    })
  const begin: Visitor['begin'] = async ({ invitation } = {}) => {
    return onwardFrom(await post('/sign-up', invitation ? { tenant: invitation } : {}))
  }
  const comeBack: Visitor['comeBack'] = async (username, way = {}) => {
    const { accept = true, organization = true } = way
    const signInUrl = (await begin(way)).href
    const browser = openBrowser(emulator)
    const person = { username, password: DEMO.password }
    const page = accept
      ? await signInAndAccept(browser, signInUrl, person, { organization })
      : await browser.press(await signIn(browser, signInUrl, person), { action: 'cancel' })
    assert.equal(page.url.origin, url, page.text)
    return page.url.pathname + page.url.search
  }
  return {
    cookies,
    get: (path, options = {}) => ask(path, options),
    post,
    begin,
    comeBack,
    arrive: async (username, way) => ask(await comeBack(username, way), {}),
  }
}

/** Node's own client: `fetch` would not let a test lie about the host. */
async function send(url: string, { method = 'GET', body, headers = {} }: Options): Promise<Page> {
  const sent = request(url, { method, headers: { host: new URL(url).host, ...headers } })
  const answered = new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject)
  })
  sent.end(body)
  const response = await answered
  const markup = await text(response)
  return {
    status: response.statusCode ?? 0,
    path: new URL(url).pathname,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join('\n') : (value ?? ''),
      ]),
    ),
    cookies: response.headers['set-cookie'] ?? [],
    text: markup,
    heading: plain(/<h1[^>]*>([\s\S]*?)<\/h1>/.exec(markup)?.[1] ?? ''),
  }
}

const joined = (cookies: Map<string, string>): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (/max-age=0/i.test(line)) cookies.delete(name)
  else cookies.set(name, value)
}

/** What a reader reads. */
export const plain = (markup: string): string =>
  markup
    .replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
