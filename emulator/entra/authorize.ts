import type { Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { findApplication } from '#emulator/directory/applications.ts'
import { mayConsentForAll } from '#emulator/directory/directory-roles.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { listTenants } from '#emulator/directory/tenants.ts'
import type { Application, Tenant, User } from '#emulator/directory/types.ts'
import { findGuest, findUser, findUserByName, listUsers } from '#emulator/directory/users.ts'
import { adminConsentContents, completeAdminConsent } from '#emulator/entra/admin-consent.ts'
import { PERSONAL_ACCOUNTS, resolveAuthority } from '#emulator/entra/authority.ts'
import { consentNeed, recordConsent } from '#emulator/entra/consent.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { isRegistered, type Redirect, redirectWith, sessionState } from '#emulator/entra/redirect.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import type { AuthorizeRequest, EntraState, Interaction, Session } from '#emulator/entra/state.ts'
import { clientInfo } from '#emulator/entra/tokens.ts'
import {
  accountPage,
  approvalPage,
  consentPage,
  errorPage,
  formPostPage,
  passwordPage,
  pickPage,
} from '#emulator/pages/sign-in.ts'
import type { Env, World } from '#emulator/world.ts'

const COOKIE = 'tenantry-emulator-session'

/** The pages between a client's authorization request and its answer. @see RFC 6749 section 4.1.1 */
export function authorizeRoutes(app: Hono<Env>, world: World, state: EntraState): void {
  const page = { directory: world.directory, accounts: () => demoAccounts(world) }

  const begin = (c: Context<Env>, segment: string, parameters: Record<string, string | undefined>) => {
    try {
      const session = openSession(c, state)
      const request = readRequest(world, segment, parameters)
      c.get('told').appId = request.appId
      return advance(c, start(world, state, session, request), session)
    } catch (error) {
      return tellError(c, error)
    }
  }
  const advance = (c: Context<Env>, next: Interaction | Redirect, session: Session): Response | Promise<Response> => {
    if ('kind' in next) return send(c, next)
    setCookie(c, COOKIE, session.id, { httpOnly: true, sameSite: 'Lax', path: '/' })
    return c.redirect(`/_signin/${next.id}`, 303)
  }
  const send = (c: Context, redirect: Redirect): Response | Promise<Response> =>
    redirect.kind === 'location'
      ? c.redirect(redirect.location, 302)
      : c.html(formPostPage(redirect.action, redirect.fields), 200, {
          'content-security-policy': policy(redirect.action),
        })
  const tellError = (c: Context<Env>, error: unknown): Response | Promise<Response> => {
    if (!(error instanceof EntraError)) throw error
    c.get('told').reason = error.description
    return c.html(errorPage(error.code, error.message), 400)
  }

  for (const path of ['/:tenant/oauth2/v2.0/authorize', '/:tenant/oauth2/authorize'] as const) {
    app.get(path, (c) => begin(c, c.req.param('tenant'), c.req.query()))
    app.post(path, async (c) => begin(c, c.req.param('tenant'), (await c.req.parseBody()) as Record<string, string>))
  }
  app.get('/:tenant/v2.0/adminconsent', (c) =>
    begin(c, c.req.param('tenant'), adminConsentParameters(c.req.query(), 'admin-consent-v2')),
  )
  app.get('/:tenant/adminconsent', (c) =>
    begin(c, c.req.param('tenant'), adminConsentParameters(c.req.query(), 'admin-consent-v1')),
  )

  app.get('/_signin/:id', (c) => {
    const interaction = state.interaction(c.req.param('id'), getCookie(c, COOKIE))
    if (!interaction)
      return c.html(
        errorPage(
          70008,
          'This page has expired or was opened in another browser. Go back to the application and start again.',
        ),
        400,
      )
    return c.html(render(world, state, interaction, page.accounts()), 200, {
      'content-security-policy': policy(interaction.request.redirectUri),
    })
  })
  app.post('/_signin/:id', async (c) => {
    const session = state.session(getCookie(c, COOKIE))
    const interaction = state.interaction(c.req.param('id'), session.id)
    if (!interaction)
      return c.html(
        errorPage(
          70008,
          'This page has expired or was opened in another browser. Go back to the application and start again.',
        ),
        400,
      )
    const form = Object.fromEntries(
      Object.entries(await c.req.parseBody()).map(([key, value]) => [key, typeof value === 'string' ? value : '']),
    )
    try {
      const next = act(world, state, session, interaction, form)
      if ('kind' in next) state.finish(interaction.id)
      return await advance(c, next, session)
    } catch (error) {
      state.finish(interaction.id)
      return tellError(c, error)
    }
  })
}

const policy = (redirectUri: string): string =>
  `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${URL.canParse(redirectUri) ? new URL(redirectUri).origin : ''}`

const adminConsentParameters = (query: Record<string, string>, purpose: string) => ({
  ...query,
  response_type: 'code',
  scope: purpose === 'admin-consent-v1' ? 'https://graph.microsoft.com/.default' : query.scope,
  purpose,
})

/** @throws EntraError for what must not be redirected: an unknown client or an address that is not registered */
function readRequest(world: World, segment: string, parameters: Record<string, string | undefined>): AuthorizeRequest {
  const authority = resolveAuthority(world.directory, segment)
  if (!parameters.client_id) throw new EntraError(900144, 'client_id')
  const application = findApplication(world.directory, parameters.client_id)
  if (!application) throw new EntraError(700016, parameters.client_id, authority.tenant?.displayName ?? segment)
  if (application.signInAudience === 'AzureADMyOrg' && authority.tenant?.id !== application.tenantId)
    throw authority.tenant
      ? new EntraError(700016, application.appId, authority.tenant.displayName)
      : new EntraError(50194, application.appId, application.displayName)
  const [registered] = application.redirectUris.web
  const redirectUri = parameters.redirect_uri ?? registered
  if (!redirectUri) throw new EntraError(500113)
  if (!isRegistered(application, redirectUri)) throw new EntraError(50011, redirectUri, application.appId)
  if (parameters.response_type !== 'code') throw new EntraError(700054, parameters.response_type ?? '')
  if (!parameters.scope) throw new EntraError(900144, 'scope')
  const stripped = world.mischief
    .says({ at: 'authorize', appId: application.appId })
    .includes('authorize.stripChallenge')
  const challenge = stripped ? null : (parameters.code_challenge ?? null)
  if (challenge !== null && !/^[\w.~-]{43,128}$/.test(challenge)) throw new EntraError(50147)
  const mode = parameters.response_mode
  return {
    appId: application.appId,
    authority: authority.segment,
    redirectUri,
    responseMode: mode === 'fragment' || mode === 'form_post' ? mode : 'query',
    state: parameters.state ?? null,
    nonce: parameters.nonce ?? null,
    scopes: parameters.scope.split(' ').filter((scope) => scope !== ''),
    prompt: parameters.prompt ?? null,
    loginHint: parameters.login_hint ?? null,
    challenge,
    challengeMethod: challenge === null ? null : parameters.code_challenge_method === 'S256' ? 'S256' : 'plain',
    wantsClientInfo: parameters.client_info === '1',
    purpose:
      parameters.purpose === 'admin-consent-v1' || parameters.purpose === 'admin-consent-v2'
        ? parameters.purpose
        : 'sign-in',
  }
}

function start(world: World, state: EntraState, session: Session, request: AuthorizeRequest): Interaction | Redirect {
  const base = { sessionId: session.id, request, username: request.loginHint ?? '', user: null, problem: null }
  const accounts = session.accounts.filter((account) => findUser(world.directory, account.tenantId, account.id))
  const hinted = accounts.find(
    (account) => findUser(world.directory, account.tenantId, account.id)?.userPrincipalName === request.loginHint,
  )
  const [only] = accounts
  const chosen =
    request.prompt === 'login' || request.prompt === 'select_account'
      ? null
      : (hinted ?? (accounts.length === 1 ? (only ?? null) : null))
  if (request.prompt === 'none') {
    if (!chosen)
      return redirectWith(request, { error: 'login_required', error_description: new EntraError(50058).description })
    const next = afterSignIn(world, state, { ...base, id: '', step: 'account', expiresAt: 0, user: chosen })
    return 'kind' in next
      ? next
      : redirectWith(request, {
          error: 'interaction_required',
          error_description: new EntraError(65001, request.appId, '').description,
        })
  }
  if (chosen) return afterSignIn(world, state, state.begin({ ...base, step: 'account', user: chosen }))
  return state.begin({ ...base, step: accounts.length > 0 && request.prompt !== 'login' ? 'pick' : 'account' })
}

/** One press of a button. */
function act(
  world: World,
  state: EntraState,
  session: Session,
  interaction: Interaction,
  form: Record<string, string>,
): Interaction | Redirect {
  const { request } = interaction
  if (form.action === 'cancel') return declined(interaction)
  if (form.action === 'other')
    return Object.assign(interaction, { step: 'account', username: '', problem: null, user: null })
  if (interaction.step === 'pick') {
    const account = session.accounts.find(({ id }) => id === form.account)
    if (!account) return Object.assign(interaction, { step: 'account', username: '' })
    return afterSignIn(world, state, Object.assign(interaction, { user: account }))
  }
  if (interaction.step === 'account') {
    const username = (form.loginfmt ?? '').trim()
    const known = username !== '' && findUserByName(world.directory, username) !== null
    const problem = known
      ? null
      : username === ''
        ? 'Enter the address of your account.'
        : 'We could not find an account with that address.'
    return Object.assign(interaction, { username, problem, step: known ? 'password' : 'account' })
  }
  if (interaction.step === 'password') {
    const user = findUserByName(world.directory, interaction.username)
    if (!user?.accountEnabled)
      return Object.assign(interaction, {
        problem: 'Your account has been locked or disabled. Contact your administrator.',
      })
    if (user.password === null || user.password !== form.passwd)
      return Object.assign(interaction, { problem: 'Your account or password is incorrect.' })
    const account = { tenantId: user.tenantId, id: user.id }
    session.accounts = [account, ...session.accounts.filter(({ id }) => id !== user.id)]
    return afterSignIn(world, state, Object.assign(interaction, { user: account, problem: null }))
  }
  if (interaction.step === 'consent' && form.action === 'accept') {
    const { tenant, user, application } = parties(world, interaction)
    const asked = readScopes(world.directory, request.scopes, tenant.displayName)
    if (request.purpose !== 'sign-in') return completeAdminConsent(world, { tenant, user, application }, request, asked)
    const need = consentNeed(world.directory, { tenant, user, application }, asked, request.prompt)
    if (need.kind !== 'ask') return declined(interaction)
    recordConsent(
      world.directory,
      { tenant, user, application },
      {
        resource: asked.resource,
        permissions: need.permissions,
        forAll: need.mayConsentForAll && form.onBehalfOf === 'organization',
      },
    )
    return succeed(world, state, interaction, user, tenant)
  }
  return interaction
}

/** Signed in at home; now into the tenant that was asked for, and through consent. */
function afterSignIn(world: World, state: EntraState, interaction: Interaction): Interaction | Redirect {
  const { request } = interaction
  const { tenant, user, application } = parties(world, interaction)
  const asked = readScopes(world.directory, request.scopes, tenant.displayName)
  if (request.purpose !== 'sign-in')
    return Object.assign(interaction, { step: mayConsentForAll(user.directoryRoles) ? 'consent' : 'approval' })
  const need = consentNeed(world.directory, { tenant, user, application }, asked, request.prompt)
  if (need.kind === 'none') return succeed(world, state, interaction, user, tenant)
  return Object.assign(interaction, { step: need.kind === 'ask' ? 'consent' : 'approval' })
}

/** @throws EntraError 50020 for an account that is a stranger in the tenant that was asked for */
function parties(
  world: World,
  { user: account, request }: Interaction,
): { tenant: Tenant; user: User; application: Application } {
  const application = findApplication(world.directory, request.appId)
  const home = account ? findUser(world.directory, account.tenantId, account.id) : null
  if (!application || !home) throw new EntraError(50058)
  const authority = resolveAuthority(world.directory, request.authority)
  const homeTenant = contentsOf(world.directory, home.tenantId).tenant
  const stranger = (where: string) =>
    new EntraError(50020, home.userPrincipalName, homeTenant.displayName, where, application.displayName)
  if (!authority.tenant) {
    if (home.tenantId === PERSONAL_ACCOUNTS && authority.kind !== 'consumers')
      throw stranger('any work or school directory')
    return { tenant: homeTenant, user: home, application }
  }
  const user = authority.tenant.id === home.tenantId ? home : findGuest(world.directory, authority.tenant.id, home)
  if (!user) throw stranger(authority.tenant.displayName)
  return { tenant: authority.tenant, user, application }
}

function succeed(world: World, state: EntraState, { request }: Interaction, user: User, tenant: Tenant): Redirect {
  const code = state.issueCode({ request, tenantId: tenant.id, userId: user.id })
  const foreignIssuer = world.mischief
    .says({ at: 'authorize', tenantId: tenant.id, appId: request.appId })
    .includes('authorize.iss=other')
  return redirectWith(request, {
    code,
    ...(request.wantsClientInfo ? { client_info: clientInfo(user) } : {}),
    session_state: sessionState(),
    ...(foreignIssuer ? { iss: 'https://login.evil.example/v2.0' } : {}),
  })
}

function declined({ request, step }: Interaction): Redirect {
  if (request.purpose === 'admin-consent-v2')
    return redirectWith(request, {
      admin_consent: 'True',
      error: 'consent_required',
      error_description: 'AADSTS65004: The resource owner or authorization server denied the request.',
    })
  if (request.purpose === 'admin-consent-v1')
    return redirectWith(request, { error: 'permission_denied', error_description: 'The admin canceled the request' })
  if (step === 'approval')
    return redirectWith(request, {
      error: 'access_denied',
      error_description: new EntraError(90094, 'The app').description,
    })
  if (step === 'consent')
    return redirectWith(request, {
      error: 'access_denied',
      error_description: new EntraError(65004).description,
      error_subcode: 'cancel',
    })
  return redirectWith(request, { error: 'access_denied', error_description: 'the user canceled the authentication' })
}

function openSession(c: Context, state: EntraState): Session {
  return state.session(getCookie(c, COOKIE))
}

type DemoAccount = { name: string; role: string; tenant: string }

/** The accounts that can sign in, so that whoever tries the emulator need not look for them. */
function demoAccounts(world: World): DemoAccount[] {
  return listTenants(world.directory).flatMap((tenant) =>
    [...listUsers(world.directory, tenant.id)]
      .filter((user) => user.password !== null)
      .slice(0, 8)
      .map((user) => ({
        name: user.userPrincipalName,
        role: user.jobTitle ?? user.displayName,
        tenant: tenant.displayName,
      })),
  )
}

function render(world: World, state: EntraState, interaction: Interaction, demo: DemoAccount[]) {
  const { step, request } = interaction
  const application = findApplication(world.directory, request.appId)
  const appName = application?.displayName ?? ''
  if (step === 'account') return accountPage(interaction, appName, demo)
  if (step === 'password') return passwordPage(interaction, appName)
  if (step === 'pick') {
    const { accounts } = state.session(interaction.sessionId)
    const users = accounts.flatMap((account) => findUser(world.directory, account.tenantId, account.id) ?? [])
    return pickPage(interaction, appName, users)
  }
  const { tenant, user, application: client } = parties(world, interaction)
  const asked = readScopes(world.directory, request.scopes, tenant.displayName)
  if (request.purpose !== 'sign-in')
    return renderAdminConsent(world, interaction, { tenant, user, application: client })
  const need = consentNeed(world.directory, { tenant, user, application: client }, asked, request.prompt)
  const permissions =
    need.kind === 'none'
      ? []
      : need.permissions.map((permission) => ({
          name: permission.adminConsentDisplayName,
          description: permission.adminConsentDescription,
        }))
  const parts = { interaction, application: client, tenant, user, permissions }
  return step === 'approval'
    ? approvalPage(parts)
    : consentPage({ ...parts, forAll: need.kind === 'ask' && need.mayConsentForAll, alwaysForAll: false })
}

function renderAdminConsent(
  world: World,
  interaction: Interaction,
  { tenant, user, application }: { tenant: Tenant; user: User; application: Application },
) {
  const asked = readScopes(world.directory, interaction.request.scopes, tenant.displayName)
  const { permissions, roles } = adminConsentContents(application, asked)
  const lines = [
    ...permissions.map((permission) => ({
      name: permission.adminConsentDisplayName,
      description: permission.adminConsentDescription,
    })),
    ...roles.map((role) => ({ name: role.displayName, description: role.description })),
  ]
  const parts = { interaction, application, tenant, user, permissions: lines }
  return interaction.step === 'approval'
    ? approvalPage(parts)
    : consentPage({ ...parts, forAll: false, alwaysForAll: true })
}
