import type { Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { type Parameters, readRequest, refuseRequest } from '#emulator/entra/authorize-request.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { type Redirect, redirectWith } from '#emulator/entra/redirect.ts'
import { render } from '#emulator/entra/sign-in-render.ts'
import { act, start } from '#emulator/entra/sign-in-steps.ts'
import type { AuthorizeRequest, EntraState, Interaction, Session } from '#emulator/entra/state.ts'
import { errorPage, formPostPage } from '#emulator/pages/sign-in.ts'
import type { Env, World } from '#emulator/world.ts'

export const SESSION_COOKIE = 'tenantry-emulator-session'
const EXPIRED = 'This page has expired or was opened in another browser. Go back to the application and start again.'

/** The pages between a client's authorization request and its answer. @see RFC 6749 section 4.1.1 */
export function authorizeRoutes(app: Hono<Env>, world: World, state: EntraState): void {
  const begin = async (c: Context<Env>, parameters: Parameters, purpose: AuthorizeRequest['purpose']) => {
    try {
      const session = state.session(getCookie(c, SESSION_COOKIE))
      const request = readRequest(world, c.req.param('tenant') ?? '', parameters, purpose)
      c.get('told').appId = request.appId
      const refused = refuseRequest(world, request, parameters.response_type)
      if (refused) c.get('told').reason = refused.description
      const next = refused
        ? redirectWith(request, { error: refused.error, error_description: refused.description })
        : start(world, state, session, request)
      return await advance(c, next, session)
    } catch (error) {
      return tellError(c, error)
    }
  }

  for (const path of ['/:tenant/oauth2/v2.0/authorize', '/:tenant/oauth2/authorize'] as const) {
    app.get(path, (c) => begin(c, c.req.query(), 'sign-in'))
    app.post(path, async (c) => begin(c, textFields(await c.req.parseBody()), 'sign-in'))
  }
  app.get('/:tenant/v2.0/adminconsent', (c) => begin(c, c.req.query(), 'admin-consent-v2'))
  app.get('/:tenant/adminconsent', (c) =>
    begin(c, { ...c.req.query(), scope: 'https://graph.microsoft.com/.default' }, 'admin-consent-v1'),
  )

  app.get('/_signin/:id', (c) => {
    const interaction = state.interaction(c.req.param('id'), getCookie(c, SESSION_COOKIE))
    if (!interaction) return c.html(errorPage(70008, EXPIRED), 400, pageHeaders(null))
    try {
      return c.html(render(world, state, interaction), 200, pageHeaders(interaction.request.redirectUri))
    } catch (error) {
      return tellError(c, error)
    }
  })
  app.post('/_signin/:id', async (c) => {
    const session = state.session(getCookie(c, SESSION_COOKIE))
    const interaction = state.interaction(c.req.param('id'), session.id)
    if (!interaction) return c.html(errorPage(70008, EXPIRED), 400, pageHeaders(null))
    c.get('told').appId = interaction.request.appId
    try {
      const next = act(world, state, session, interaction, textFields(await c.req.parseBody()))
      if ('kind' in next) state.finish(interaction.id)
      return await advance(c, next, session)
    } catch (error) {
      state.finish(interaction.id)
      return tellError(c, error)
    }
  })
}

function advance(c: Context<Env>, next: Interaction | Redirect, session: Session): Response | Promise<Response> {
  if (!('kind' in next)) {
    setCookie(c, SESSION_COOKIE, session.id, { httpOnly: true, sameSite: 'Lax', path: '/' })
    return c.redirect(`/_signin/${next.id}`, 303)
  }
  return next.kind === 'location'
    ? c.redirect(next.location, 302)
    : c.html(formPostPage(next.action, next.fields), 200, pageHeaders(next.action))
}

function tellError(c: Context<Env>, error: unknown): Response | Promise<Response> {
  if (!(error instanceof EntraError)) throw error
  c.get('told').reason = error.description
  return c.html(errorPage(error.code, error.message), 400, pageHeaders(null))
}

/** Strict, but for the client's address: the browser follows the answer to a form there. */
export const pageHeaders = (redirectUri: string | null) => ({
  'content-security-policy':
    `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${formTarget(redirectUri)}`.trim(),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
})

function formTarget(redirectUri: string | null): string {
  if (redirectUri === null || !URL.canParse(redirectUri)) return ''
  const { origin, protocol } = new URL(redirectUri)
  return origin === 'null' ? protocol : origin
}

const textFields = (body: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(body).map(([key, value]) => [key, typeof value === 'string' ? value : '']))
