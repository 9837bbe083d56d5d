import { isRevoked } from '#emulator/directory/security.ts'
import { findUser } from '#emulator/directory/users.ts'
import { demandOf, refuseByAccess } from '#emulator/entra/conditional-access.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import {
  adminConsentContents,
  completeAdminConsent,
  mayGiveAdminConsent,
} from '#emulator/entra/sign-in/admin-consent.ts'
import { consentNeed, recordConsent } from '#emulator/entra/sign-in/consent.ts'
import { answerInFront, declined } from '#emulator/entra/sign-in/front-channel.ts'
import { askedBy, needOf, partiesOf } from '#emulator/entra/sign-in/parties.ts'
import { type Redirect, refusalWith } from '#emulator/entra/sign-in/redirect.ts'
import { giveAccount, giveCode, giveNewPassword, givePassword, setUp } from '#emulator/entra/sign-in/sign-in-person.ts'
import type { Account, AuthorizeRequest, EntraState, Interaction, Session } from '#emulator/entra/state.ts'
import { refuseRestricted, type TenantRestrictions } from '#emulator/entra/tenant-restrictions.ts'
import type { World } from '#emulator/world.ts'

export type Form = Readonly<Record<string, string>>
/** One request of one browser: who is signed in there, and what the network that it comes from allows. */
export type Visit = { session: Session; restrictions: TenantRestrictions }
type Next = Interaction | Redirect

/** The first page, or the answer at once when the browser is signed in and nothing is left to ask. */
export async function start(world: World, state: EntraState, visit: Visit, request: AuthorizeRequest): Promise<Next> {
  const { session } = visit
  if (
    state.isLoop(
      session,
      JSON.stringify({ ...request, state: null, nonce: null, challenge: null, correlationId: null }),
    )
  )
    return refuse(world, request, 'invalid_grant', new EntraError(50196))
  const base = { sessionId: session.id, request, username: request.loginHint ?? '', user: null, problem: null }
  const accounts = session.accounts.filter((account) => isSignedIn(world, account))
  const named = accounts.find(
    ({ tenantId, id }) =>
      findUser(world.directory, tenantId, id)?.userPrincipalName.toLowerCase() === request.loginHint?.toLowerCase(),
  )
  const only = accounts.length === 1 && request.loginHint === null ? (accounts[0] ?? null) : null
  const asksForPerson = request.prompt === 'login' || request.prompt === 'select_account'
  const chosen = asksForPerson ? null : (named ?? only)
  if (request.prompt === 'none') {
    if (!chosen && accounts.length > 1 && request.loginHint === null)
      return refuse(world, request, 'interaction_required', new EntraError(16000))
    return silently(world, state, visit, { ...base, id: '', step: 'account', expiresAt: 0, user: chosen })
  }
  if (chosen) return afterSignIn(world, state, visit, state.begin({ ...base, step: 'account', user: chosen }))
  return state.begin({ ...base, step: accounts.length > 0 && request.prompt !== 'login' ? 'pick' : 'account' })
}

const isSignedIn = ({ directory }: World, { tenantId, id, signIn }: Account): boolean =>
  findUser(directory, tenantId, id) !== null && !isRevoked(directory, tenantId, id, signIn.atMilliseconds)

const refuse = (world: World, request: AuthorizeRequest, error: string, why: EntraError): Redirect =>
  refusalWith(world, request, error, why.description)

/** `prompt=none`: no page, whatever happens. */
async function silently(world: World, state: EntraState, visit: Visit, interaction: Interaction): Promise<Redirect> {
  const { request, user } = interaction
  if (!user) return refuse(world, request, 'login_required', new EntraError(50058))
  try {
    const parties = partiesOf(world, interaction)
    refuseByAccess(world, parties, user.signIn, askedBy(world, request, parties).resource)
    const next = await afterSignIn(world, state, visit, interaction)
    if ('kind' in next) return next
    const { appId, displayName } = parties.application
    return refuse(world, request, 'interaction_required', new EntraError(65001, appId, displayName))
  } catch (error) {
    if (!(error instanceof EntraError)) throw error
    return refuse(world, request, error.code === 53003 ? 'access_denied' : 'interaction_required', error)
  }
}

/** One press of a button. */
export async function act(
  world: World,
  state: EntraState,
  visit: Visit,
  interaction: Interaction,
  form: Form,
): Promise<Next> {
  const { step } = interaction
  const { session } = visit
  if (form.action === 'cancel') {
    const device = interaction.request.deviceCode === null ? null : state.device(interaction.request.deviceCode)
    if (device) device.outcome = 'declined'
    return declined(world, interaction)
  }
  if (form.action === 'other')
    return Object.assign(interaction, { step: 'account', username: '', problem: null, user: null })
  if (step === 'account') return giveAccount(world, interaction, form)
  if (step === 'consent' && form.action === 'accept') return accept(world, state, interaction, form)
  if (step === 'approval' && form.action === 'request') return requestApproval(world, interaction)
  const isKnown =
    (step === 'pick' && pick(world, session, interaction, form)) ||
    (step === 'password' && givePassword(world, session, interaction, form)) ||
    (step === 'new-password' && giveNewPassword(world, session, interaction, form)) ||
    (step === 'set-up' && setUp(world, interaction)) ||
    (step === 'code' && giveCode(session, interaction, form))
  return isKnown ? afterSignIn(world, state, visit, interaction) : interaction
}

/** Whose sessions were revoked stands on the page, too, and has to sign in. */
function pick(world: World, session: Session, interaction: Interaction, form: Form): boolean {
  const account = session.accounts.find(({ id }) => id === form.account)
  const user = account && findUser(world.directory, account.tenantId, account.id)
  if (!account || !user) return Object.assign(interaction, { step: 'account', username: '' }) && false
  if (isSignedIn(world, account)) return Object.assign(interaction, { user: account }) && true
  Object.assign(interaction, { step: 'password', username: user.userPrincipalName, problem: null })
  return false
}

async function accept(world: World, state: EntraState, interaction: Interaction, form: Form): Promise<Redirect> {
  const { request } = interaction
  const parties = partiesOf(world, interaction)
  const asked = askedBy(world, request, parties)
  if (world.lag.refusesBacking(parties.application))
    throw new EntraError(650051, parties.application.appId, parties.tenant.displayName)
  if (request.purpose !== 'sign-in') return completeAdminConsent(world, parties, request, asked)
  const need = consentNeed(world.directory, parties, asked, request.prompt)
  if (need.kind === 'approval') return declined(world, interaction)
  if (need.kind === 'ask')
    recordConsent(world.directory, parties, need.wanted, {
      forAll: need.mayConsentForAll && form.onBehalfOf === 'organization',
    })
  return answerInFront(world, state, interaction, parties)
}

/** Signed in at home; now into the tenant that was asked for, past its policies, and through consent. */
async function afterSignIn(world: World, state: EntraState, visit: Visit, interaction: Interaction): Promise<Next> {
  const { request, user } = interaction
  const parties = partiesOf(world, interaction)
  refuseRestricted(visit.restrictions, parties.tenant)
  const asked = askedBy(world, request, parties)
  const demand = user ? demandOf(world, parties, user.signIn, asked.resource) : 'sign-in'
  if (demand === 'sign-in') {
    const username = user && findUser(world.directory, user.tenantId, user.id)?.userPrincipalName
    return Object.assign(interaction, { step: 'password', username: username ?? '', user: null })
  }
  if (demand !== 'none') return Object.assign(interaction, { step: demand, problem: null })
  if (request.purpose !== 'sign-in') {
    const contents = adminConsentContents(world.directory, parties.application, asked)
    return Object.assign(interaction, { step: mayGiveAdminConsent(parties.user, contents) ? 'consent' : 'approval' })
  }
  const need = needOf(world, interaction, parties)
  if (need.kind === 'none') return answerInFront(world, state, interaction, parties)
  return Object.assign(interaction, { step: need.kind === 'ask' ? 'consent' : 'approval' })
}

function requestApproval(world: World, interaction: Interaction): Redirect {
  const parties = partiesOf(world, interaction)
  const need = interaction.request.purpose === 'sign-in' ? needOf(world, interaction, parties) : null
  const isRisky = need?.kind === 'approval' && need.reason === 900941
  const { displayName } = parties.application
  return refuse(
    world,
    interaction.request,
    'access_denied',
    isRisky ? new EntraError(900981, displayName) : new EntraError(90095),
  )
}
