import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signIn } from '#emulator/test/support/browser.ts'
import type { Site } from '#test/console/support/open-site.ts'
import { onwardFrom } from '#test/support/onward.ts'

export type Answer = {
  status: number
  path: string
  headers: Readonly<Record<string, string>>
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

/** Somebody at a browser that runs no script: keeps the console's cookies and follows it wherever it leads on its site. */
export type Person = {
  cookies: Map<string, string>
  get(path: string, options?: Options): Promise<Answer>
  /** Presses a button of the console. */
  post(path: string, form?: Record<string, string>, options?: Options): Promise<Answer>
  /** Calls the API from a page of the console. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Begins to sign in and proves to Microsoft who it is. @returns the way back, not gone yet */
  comeBack(username: string, returnTo?: string): Promise<string>
  signIn(username?: string, returnTo?: string): Promise<Answer>
}

export const OPERATOR = 'olivia@northwind.onmicrosoft.com'
export const NEWCOMER = 'noah@northwind.onmicrosoft.com'

export function openPerson({ url, emulator }: Site): Person {
  const cookies = new Map<string, string>()
  const ask = async (path: string, options: Options): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await send(`${url}${path}`, { ...options, headers: { cookie, ...options.headers } })
    for (const line of answer.cookies) keep(cookies, line)
    const { location } = answer.headers
    const next = location === undefined ? null : new URL(location, url)
    if (options.stay || !next || answer.status !== 303 || next.origin !== url) return answer
    return ask(next.pathname + next.search, {})
  }
  const post: Person['post'] = (path, form = {}, options = {}) =>
    ask(path, {
      method: 'POST',
      body: new URLSearchParams(form).toString(),
      ...options,
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: url, ...options.headers },
    })
  const comeBack: Person['comeBack'] = async (username, returnTo) => {
    const begun = onwardFrom(await post('/sign-in', returnTo === undefined ? {} : { to: returnTo }))
    const browser = openBrowser(emulator)
    const page = await signIn(browser, begun.href, { username, password: DEMO.password })
    const back = page.status === 0 ? page : await browser.press(page, { action: 'accept' })
    assert.equal(back.url.origin, url, back.text)
    return back.url.pathname + back.url.search
  }
  return {
    cookies,
    get: (path, options = {}) => ask(path, options),
    post,
    api: (method, path, body, headers = {}) =>
      ask(`/api/v1${path}`, {
        method,
        headers: { 'content-type': 'application/json', origin: url, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    comeBack,
    signIn: async (username = OPERATOR, returnTo) => ask(await comeBack(username, returnTo), {}),
  }
}

/** Node's own client: `fetch` would not let a test lie about the host. */
export async function send(url: string, { method = 'GET', body, headers = {} }: Options = {}): Promise<Answer> {
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

function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (/max-age=0/i.test(line)) cookies.delete(name)
  else cookies.set(name, value)
}

/** What a reader reads. */
export const plain = (markup: string): string =>
  markup
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
