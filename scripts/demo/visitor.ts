/** A person with a browser that runs no script: keeps cookies, goes wherever it is led, fills in forms. */
export type Visitor = {
  /** The page last seen. */
  page(): Page
  open(url: string): Promise<Page>
  /** Presses a button of the form whose action ends so, with what was typed in. */
  submit(action: string, typed?: Record<string, string>): Promise<Page>
}

export type Page = { url: URL; status: number; html: string; heading: string }

const MAX_REDIRECTS = 20

export function openVisitor(): Visitor {
  /** By host name without port, as browsers keep them. */
  const cookies = new Map<string, Map<string, string>>()
  let current: Page = { url: new URL('about:blank'), status: 0, html: '', heading: '' }

  const visit = async (start: URL, form: URLSearchParams | null): Promise<Page> => {
    let url = start
    let body = form
    for (let count = 0; count < MAX_REDIRECTS; count++) {
      const jar = cookies.get(url.hostname) ?? new Map<string, string>()
      cookies.set(url.hostname, jar)
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(body ? { origin: current.url.origin, 'sec-fetch-site': 'same-origin' } : {}),
        },
        ...(body ? { body } : {}),
      })
      for (const line of response.headers.getSetCookie()) keep(jar, line)
      const html = await response.text()
      const location = onwardFrom(response, html)
      if (!location) {
        const heading = textOf(/<h1[^>]*>([\s\S]*?)<\/h1>/i.exec(html)?.[1] ?? '')
        current = { url, status: response.status, html, heading }
        return current
      }
      url = new URL(location, url)
      if (response.status !== 307 && response.status !== 308) body = null
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects, the last one to ${url.origin}${url.pathname}.`)
  }

  return {
    page: () => current,
    open: (url) => visit(new URL(url), null),
    submit(action, typed = {}) {
      const form = formsOf(current.html).find((candidate) => candidate.action.endsWith(action))
      if (!form) throw new Error(`The page “${current.heading}” (${current.url.pathname}) has no form for ${action}.`)
      return visit(new URL(form.action, current.url), new URLSearchParams({ ...form.fields, ...typed }))
    },
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const [name = '', ...value] = pair.split('=')
  const gone = attributes.some((attribute) => /^max-age=0$/i.test(attribute))
  if (gone) jar.delete(name)
  else jar.set(name, value.join('='))
}

/** A redirect, or a page that goes on by itself. */
function onwardFrom({ status, headers }: Response, html: string): string | null {
  if (status >= 300 && status < 400) return headers.get('location')
  const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]+)">/i.exec(html) ?? []
  return address === undefined ? null : decode(address)
}

type Form = { action: string; fields: Record<string, string> }

function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, attributes = '', inside = '']) => ({
    action: attributeOf(attributes, 'action') ?? '',
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/gi)]
        .filter(([, input = '']) => attributeOf(input, 'type') === 'hidden')
        .map(([, input = '']) => [attributeOf(input, 'name') ?? '', attributeOf(input, 'value') ?? '']),
    ),
  }))
}

function attributeOf(tag: string, name: string): string | null {
  const value = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1]
  return value === undefined ? null : decode(value)
}

const textOf = (html: string): string =>
  decode(
    html
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  )

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole)
