import type { Context, Env, MiddlewareHandler } from 'hono'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'

const MAX_BODY_BYTES = 64 * 1024

/** What a request can be refused for before any page of ours has looked at it. */
export type Refusal = 'foreign-host' | 'cross-site' | 'too-large'
export type GuardOptions = {
  /** Where people find the site: an origin. */
  url: string
  /** How to say no in this site's own pages. */
  refuse: (c: Context, refusal: Refusal) => Response | Promise<Response>
}

/** Stands before every route of a site: headers, the address by which it was called, foreign forms, oversized bodies. */
export function guard<E extends Env>({ url, refuse }: GuardOptions): Hono<E> {
  const https = url.startsWith('https:')
  const app = new Hono<E>()
  app.use(neverStored)
  app.use(leanRedirects)
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
      // For this name alone: on somebody's bare domain, what stands beside us may not speak https.
      strictTransportSecurity: https ? 'max-age=63072000' : false,
      referrerPolicy: 'no-referrer',
      crossOriginOpenerPolicy: 'same-origin',
      crossOriginResourcePolicy: 'same-origin',
      xFrameOptions: 'DENY',
      xXssProtection: false,
      permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [], usb: [], browsingTopics: [] },
    }),
  )
  app.use(onlyHost(new URL(url).host, refuse))
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => refuse(c, 'too-large') }))
  const sameOrigin = csrf({ origin: url })
  app.use(async (c, next) => {
    try {
      await sameOrigin(c, async () => {})
    } catch (error) {
      if (error instanceof HTTPException) return refuse(c, 'cross-site')
      throw error
    }
    await next()
  })
  return app
}

/** Pages are about one person at one moment; only what says otherwise by itself is kept. */
const neverStored: MiddlewareHandler = async (c, next) => {
  await next()
  if (!c.res.headers.has('cache-control') || c.res.headers.get('content-type')?.startsWith('text/event-stream'))
    c.res.headers.set('cache-control', 'no-store')
}

/** What tells a browser how to show a page, and an answer that leads to another one shows none. */
const OF_PAGES = [
  'content-security-policy',
  'permissions-policy',
  'origin-agent-cluster',
  'x-frame-options',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
]

/** An answer that leads on may carry a large cookie, and many a proxy takes no more than 4 kB of headers. */
const leanRedirects: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.res.headers.has('location')) for (const name of OF_PAGES) c.res.headers.delete(name)
}

/** Health checks come by address, and tell nothing; everything else must have asked for the site by its name. */
const HEALTH = ['/healthz', '/readyz']
const onlyHost =
  (host: string, refuse: GuardOptions['refuse']): MiddlewareHandler =>
  async (c, next) => {
    const asked = c.req.header('host')?.toLowerCase() ?? new URL(c.req.url).host
    if (asked !== host && !HEALTH.includes(c.req.path)) return refuse(c, 'foreign-host')
    await next()
  }
