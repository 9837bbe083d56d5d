import type { Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { isAadstsCode } from '#emulator/entra/aadsts.ts'
import { resolveAuthority } from '#emulator/entra/authority.ts'
import { EntraError, supportDetails } from '#emulator/entra/errors.ts'
import { errorMode, type Parameters, readRequest, refuseRequest } from '#emulator/entra/sign-in/authorize-request.ts'
import { type Redirect, refusalWith } from '#emulator/entra/sign-in/redirect.ts'
import { render } from '#emulator/entra/sign-in/sign-in-render.ts'
import { act, start, type Visit } from '#emulator/entra/sign-in/sign-in-steps.ts'
import type { AuthorizeRequest, EntraState, Interaction, Session } from '#emulator/entra/state.ts'
import { readRestrictions, refuseRestricted } from '#emulator/entra/tenant-restrictions.ts'
import { readForm } from '#emulator/form.ts'
import { codeHelpPage, errorPage, formPostPage } from '#emulator/pages/sign-in.ts'
import type { Env, World } from '#emulator/world.ts'

export const SESSION_COOKIE = 'tenantry-emulator-session'
const EXPIRED = 'This page has expired or was opened in another browser. Go back to the application and start again.'

/** The pages between a client's authorization request and its answer. @see RFC 6749 section 4.1.1 */
export function authorizeRoutes(app: Hono<Env>, world: World, state: EntraState): void {
  const detailsOf = (correlationId?: string | null) => supportDetails({ now: world.clock.now(), correlationId })
  const tellError = (c: Context<Env>, error: unknown, correlationId?: string | null) => {
    if (!(error instanceof EntraError)) throw error
    c.get('told').reason = error.description
    return c.html(errorPage(error.code, error.message, detailsOf(correlationId)), 400, pageHeaders(null))
  }
  const visitOf = (c: Context<Env>): Visit => ({
    session: state.session(getCookie(c, SESSION_COOKIE)),
    restrictions: readRestrictions((name) => c.req.header(name)),
  })
  const begin = async (
    c: Context<Env>,
    parameters: Parameters,
    { purpose, version }: Pick<AuthorizeRequest, 'purpose' | 'version'>,
  ) => {
    try {
      const visit = visitOf(c)
      const { session } = visit
      if (parameters.client_id) c.get('told').appId = parameters.client_id
      const authority = resolveAuthority(world.directory, c.req.param('tenant') ?? '')
      if (authority.tenant) c.get('told').tenantId = authority.tenant.id
      if (authority.tenant) refuseRestricted(visit.restrictions, authority.tenant)
      const request = readRequest(world, authority, parameters, { purpose, version })
      c.get('told').appId = request.appId
      const refused = refuseRequest(world, request, parameters)
      if (refused) c.get('told').reason = refused.description
      const next = refused
        ? refusalWith(world, errorMode(request), refused.error, refused.description)
        : await start(world, state, visit, request)
      return await advance(c, next, session)
    } catch (error) {
      return tellError(c, error, parameters['client-request-id'])
    }
  }

  for (const [path, version] of [
    ['/:tenant/oauth2/v2.0/authorize', 'v2'],
    ['/:tenant/oauth2/authorize', 'v1'],
  ] as const) {
    app.get(path, (c) => begin(c, c.req.query(), { purpose: 'sign-in', version }))
    app.post(path, async (c) => begin(c, await readForm(c.req), { purpose: 'sign-in', version }))
  }
  app.get('/:tenant/v2.0/adminconsent', (c) => begin(c, c.req.query(), { purpose: 'admin-consent-v2', version: 'v2' }))
  app.get('/:tenant/adminconsent', (c) => begin(c, c.req.query(), { purpose: 'admin-consent-v1', version: 'v1' }))

  /** What `error_uri` leads to. */
  app.get('/error', (c) => {
    const code = Number(c.req.query('code'))
    return isAadstsCode(code)
      ? c.html(codeHelpPage(code, new EntraError(code).message), 200, pageHeaders(null))
      : c.html(codeHelpPage(null, 'The emulator knows no such code.'), 404, pageHeaders(null))
  })

  app.get('/_signin/:id', (c) => {
    const interaction = state.interaction(c.req.param('id'), getCookie(c, SESSION_COOKIE))
    if (!interaction) return c.html(errorPage(70008, EXPIRED, detailsOf()), 400, pageHeaders(null))
    try {
      return c.html(render(world, state, interaction), 200, pageHeaders(interaction.request.redirectUri))
    } catch (error) {
      return tellError(c, error, interaction.request.correlationId)
    }
  })
  app.post('/_signin/:id', async (c) => {
    const visit = visitOf(c)
    const { session } = visit
    const interaction = state.interaction(c.req.param('id'), session.id)
    if (!interaction) return c.html(errorPage(70008, EXPIRED, detailsOf()), 400, pageHeaders(null))
    c.get('told').appId = interaction.request.appId
    try {
      const next = await act(world, state, visit, interaction, await readForm(c.req))
      if ('kind' in next) state.finish(interaction.id)
      return await advance(c, next, session)
    } catch (error) {
      state.finish(interaction.id)
      return tellError(c, error, interaction.request.correlationId)
    }
  })
}

function advance(c: Context<Env>, next: Interaction | Redirect, session: Session): Response | Promise<Response> {
  if (!('kind' in next)) {
    remember(c, session)
    return c.redirect(`/_signin/${next.id}`, 303)
  }
  if (session.accounts.length > 0) remember(c, session)
  return next.kind === 'location'
    ? c.redirect(next.location, 302)
    : c.html(formPostPage(next.action, next.fields), 200, pageHeaders(next.action))
}

const remember = (c: Context<Env>, { id }: Session): void =>
  setCookie(c, SESSION_COOKIE, id, { httpOnly: true, sameSite: 'Lax', path: '/' })

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
