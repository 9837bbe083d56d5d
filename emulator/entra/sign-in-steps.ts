import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { findApplication } from '#emulator/directory/applications.ts'
import { groupsOf } from '#emulator/directory/groups.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import { findGuest, findUser, findUserByName } from '#emulator/directory/users.ts'
import { adminConsentContents, completeAdminConsent, mayGiveAdminConsent } from '#emulator/entra/admin-consent.ts'
import { PERSONAL_ACCOUNTS, resolveAuthority } from '#emulator/entra/authority.ts'
import { type ConsentNeed, consentNeed, type Parties, recordConsent } from '#emulator/entra/consent.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { type Redirect, redirectWith, sessionState } from '#emulator/entra/redirect.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import type { AuthorizeRequest, EntraState, Interaction, Session } from '#emulator/entra/state.ts'
import { clientInfo } from '#emulator/entra/tokens.ts'
import type { World } from '#emulator/world.ts'

type Form = Readonly<Record<string, string>>

/** The first page, or the answer at once when the browser is signed in and nothing is left to ask. */
export function start(
  world: World,
  state: EntraState,
  session: Session,
  request: AuthorizeRequest,
): Interaction | Redirect {
  const base = { sessionId: session.id, request, username: request.loginHint ?? '', user: null, problem: null }
  const accounts = session.accounts.filter((account) => findUser(world.directory, account.tenantId, account.id))
  const named = accounts.find(
    ({ tenantId, id }) =>
      findUser(world.directory, tenantId, id)?.userPrincipalName.toLowerCase() === request.loginHint?.toLowerCase(),
  )
  const only = accounts.length === 1 && request.loginHint === null ? (accounts[0] ?? null) : null
  const asksForPerson = request.prompt === 'login' || request.prompt === 'select_account'
  const chosen = asksForPerson ? null : (named ?? only)
  if (request.prompt === 'none')
    return silently(world, state, { ...base, id: '', step: 'account', expiresAt: 0, user: chosen })
  if (chosen) return afterSignIn(world, state, state.begin({ ...base, step: 'account', user: chosen }))
  return state.begin({ ...base, step: accounts.length > 0 && request.prompt !== 'login' ? 'pick' : 'account' })
}

/** `prompt=none`: no page, whatever happens. */
function silently(world: World, state: EntraState, interaction: Interaction): Redirect {
  const { request, user } = interaction
  const refuse = (error: string, why: EntraError) =>
    redirectWith(request, { error, error_description: why.description })
  if (!user) return refuse('login_required', new EntraError(50058))
  try {
    const next = afterSignIn(world, state, interaction)
    return 'kind' in next ? next : refuse('interaction_required', new EntraError(65001, request.appId, ''))
  } catch (error) {
    if (error instanceof EntraError) return refuse('interaction_required', error)
    throw error
  }
}

/** One press of a button. */
export function act(
  world: World,
  state: EntraState,
  session: Session,
  interaction: Interaction,
  form: Form,
): Interaction | Redirect {
  const { step } = interaction
  if (form.action === 'cancel') {
    const device = interaction.request.deviceCode === null ? null : state.device(interaction.request.deviceCode)
    if (device) device.outcome = 'declined'
    return declined(world, interaction)
  }
  if (form.action === 'other')
    return Object.assign(interaction, { step: 'account', username: '', problem: null, user: null })
  if (step === 'pick') {
    const account = session.accounts.find(({ id }) => id === form.account)
    if (!account) return Object.assign(interaction, { step: 'account', username: '' })
    return afterSignIn(world, state, Object.assign(interaction, { user: account }))
  }
  if (step === 'account') return giveAccount(world, interaction, form)
  if (step === 'password') return givePassword(world, state, session, interaction, form)
  if (step === 'consent' && form.action === 'accept') return accept(world, state, interaction, form)
  if (step === 'approval' && form.action === 'request')
    return redirectWith(interaction.request, {
      error: 'access_denied',
      error_description: new EntraError(90095).description,
    })
  return interaction
}

function giveAccount(world: World, interaction: Interaction, form: Form): Interaction {
  const username = (form.loginfmt ?? '').trim()
  if (username === '')
    return Object.assign(interaction, { username, problem: 'Enter the address of your account.', step: 'account' })
  return findUserByName(world.directory, username)
    ? Object.assign(interaction, { username, problem: null, step: 'password' })
    : Object.assign(interaction, {
        username,
        problem: 'We could not find an account with that address.',
        step: 'account',
      })
}

function givePassword(
  world: World,
  state: EntraState,
  session: Session,
  interaction: Interaction,
  form: Form,
): Interaction | Redirect {
  const user = findUserByName(world.directory, interaction.username)
  if (!user || user.password === null || user.password !== form.passwd)
    return Object.assign(interaction, { problem: 'Your account or password is incorrect.' })
  if (!user.accountEnabled)
    return Object.assign(interaction, {
      problem: 'Your account has been locked or disabled. Contact your administrator.',
    })
  const account = { tenantId: user.tenantId, id: user.id }
  session.accounts = [account, ...session.accounts.filter(({ id }) => id !== user.id)]
  return afterSignIn(world, state, Object.assign(interaction, { user: account, problem: null }))
}

function accept(world: World, state: EntraState, interaction: Interaction, form: Form): Redirect {
  const { request } = interaction
  const parties = partiesOf(world, interaction)
  const asked = readScopes(world.directory, request.scopes, parties.tenant.displayName)
  if (request.purpose !== 'sign-in') return completeAdminConsent(world, parties, request, asked)
  const need = consentNeed(world.directory, parties, asked, request.prompt)
  if (need.kind === 'approval') return declined(world, interaction)
  if (need.kind === 'ask')
    recordConsent(world.directory, parties, need.wanted, {
      forAll: need.mayConsentForAll && form.onBehalfOf === 'organization',
    })
  return succeed(world, state, interaction, parties)
}

/** Signed in at home; now into the tenant that was asked for, and through consent. */
function afterSignIn(world: World, state: EntraState, interaction: Interaction): Interaction | Redirect {
  const { request } = interaction
  const parties = partiesOf(world, interaction)
  if (request.purpose !== 'sign-in') {
    const asked = readScopes(world.directory, request.scopes, parties.tenant.displayName)
    const contents = adminConsentContents(world.directory, parties.application, asked)
    return Object.assign(interaction, { step: mayGiveAdminConsent(parties.user, contents) ? 'consent' : 'approval' })
  }
  const need = needOf(world, interaction, parties)
  if (need.kind === 'none') return succeed(world, state, interaction, parties)
  return Object.assign(interaction, { step: need.kind === 'ask' ? 'consent' : 'approval' })
}

export function needOf({ directory }: World, { request }: Interaction, parties: Parties): ConsentNeed {
  const asked = readScopes(directory, request.scopes, parties.tenant.displayName)
  return consentNeed(directory, parties, asked, request.prompt)
}

/**
 * Who is signed in, in which tenant, to what.
 * @throws EntraError 50020 for an account that is a stranger in the tenant that was asked for
 */
export function partiesOf({ directory }: World, { user: account, request }: Interaction): Parties {
  const application = findApplication(directory, request.appId)
  const home = account ? findUser(directory, account.tenantId, account.id) : null
  if (!application || !home) throw new EntraError(50058)
  if (!home.accountEnabled) throw new EntraError(50057)
  const authority = resolveAuthority(directory, request.authority)
  const homeTenant = contentsOf(directory, home.tenantId).tenant
  const stranger = (where: string) =>
    new EntraError(50020, home.userPrincipalName, homeTenant.displayName, where, application.displayName)
  if (!authority.tenant) {
    if (home.tenantId === PERSONAL_ACCOUNTS && authority.kind !== 'consumers')
      throw stranger('any work or school directory')
    return { tenant: homeTenant, user: home, application }
  }
  const user = authority.tenant.id === home.tenantId ? home : findGuest(directory, authority.tenant.id, home)
  if (!user) throw stranger(authority.tenant.displayName)
  return { tenant: authority.tenant, user, application }
}

function succeed(world: World, state: EntraState, { request }: Interaction, parties: Parties): Redirect {
  const { tenant, user } = parties
  refuseUnassigned(world, parties)
  const device = request.deviceCode === null ? null : state.device(request.deviceCode)
  if (device) {
    device.outcome = { tenantId: tenant.id, userId: user.id }
    return redirectWith(request, {})
  }
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

/** @throws EntraError 50105 where only assigned users, themselves or by a group, may come in */
export function refuseUnassigned({ directory }: World, { tenant, user, application }: Parties): void {
  const client = findServicePrincipalByAppId(directory, tenant.id, application.appId)
  if (!client?.appRoleAssignmentRequired) return
  const principals = [user.id, ...[...groupsOf(directory, tenant.id, user.id)].map(({ id }) => id)]
  const isAssigned = principals.some((principal) =>
    assignmentsOf(directory, tenant.id, principal).some(({ resourceId }) => resourceId === client.id),
  )
  if (!isAssigned) throw new EntraError(50105, application.appId, application.displayName)
}

function declined(world: World, interaction: Interaction): Redirect {
  const { request, step } = interaction
  const answer = (error: string, error_description: string, more: Record<string, string> = {}) =>
    redirectWith(request, { ...more, error, error_description })
  if (request.purpose === 'admin-consent-v1') return answer('permission_denied', 'The admin canceled the request')
  if (request.purpose === 'admin-consent-v2' && step !== 'approval')
    return answer('consent_required', 'AADSTS65004: The resource owner or authorization server denied the request.', {
      admin_consent: 'True',
    })
  if (step === 'approval') {
    const parties = partiesOf(world, interaction)
    const need = request.purpose === 'sign-in' ? needOf(world, interaction, parties) : null
    const code = need?.kind === 'approval' ? need.reason : 90094
    const { tenant, application } = parties
    const why =
      code === 90093
        ? new EntraError(code, tenant.displayName, application.displayName)
        : new EntraError(code, application.displayName)
    return answer('access_denied', why.description, request.purpose === 'sign-in' ? {} : { admin_consent: 'True' })
  }
  return step === 'consent'
    ? answer('access_denied', new EntraError(65004).description, { error_subcode: 'cancel' })
    : answer('access_denied', 'the user canceled the authentication')
}
