import type { Context, Next } from 'hono'
import type { World } from '#emulator/world.ts'

/**
 * The levers are powerful: no other site that the same person has open in a browser may pull them. Programs send neither
 * header. @see https://www.w3.org/TR/fetch-metadata/
 */
export const sameOriginOnly =
  ({ origins }: World) =>
  async (c: Context, next: Next): Promise<Response | undefined> => {
    const { origin, site } = { origin: c.req.header('origin'), site: c.req.header('sec-fetch-site') }
    const foreign = origin !== undefined && ![origins.https, origins.browser].includes(sameHost(origin))
    const crossSite = site !== undefined && site !== 'same-origin' && site !== 'none'
    const harmless = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate'
    if (foreign || (crossSite && !harmless))
      return c.json(
        { error: 'Another site asked for this. The control API answers to this emulator’s own pages and to programs.' },
        403,
      )
    await next()
    return undefined
  }

/** 127.0.0.1 and [::1] are the same emulator as localhost. */
const sameHost = (origin: string): string => origin.replace(/\/\/(127\.0\.0\.1|\[::1\])(?=:|$)/, '//localhost')
