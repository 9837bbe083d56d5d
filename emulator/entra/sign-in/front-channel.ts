import { createHash, randomUUID } from 'node:crypto'
import { EntraError } from '#emulator/entra/errors.ts'
import { grantedScopes, type Parties } from '#emulator/entra/sign-in/consent.ts'
import { askedBy, needOf, partiesOf, refuseUnassigned } from '#emulator/entra/sign-in/parties.ts'
import { type Redirect, redirectWith, refusalWith, sessionState } from '#emulator/entra/sign-in/redirect.ts'
import type { Account, AuthorizeRequest, EntraState, Interaction } from '#emulator/entra/state.ts'
import { issueIdToken } from '#emulator/entra/tokens/id-token.ts'
import { capabilitiesIn, clientInfo, issueUserToken } from '#emulator/entra/tokens/tokens.ts'
import type { Word } from '#emulator/mischief/words.ts'
import type { World } from '#emulator/world.ts'

/**
 * What goes back to the client when everything is settled: a code, and what the hybrid and implicit flows bring beside it.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-implicit-grant-flow
 * @see OpenID Connect Core 1.0, sections 3.2 and 3.3
 */
export async function answerInFront(
  world: World,
  state: EntraState,
  { request, user: account }: Interaction,
  parties: Parties,
): Promise<Redirect> {
  const { tenant, user } = parties
  if (!account) throw new EntraError(50058)
  const { signIn } = account
  refuseUnassigned(world, parties)
  const device = request.deviceCode === null ? null : state.device(request.deviceCode)
  if (device) {
    device.outcome = { tenantId: tenant.id, userId: user.id, signIn }
    return redirectWith(request, {})
  }
  const wants = (type: (typeof request.responseTypes)[number]) => request.responseTypes.includes(type)
  const code = wants('code') ? state.issueCode({ request, tenantId: tenant.id, userId: user.id, signIn }) : null
  const token = wants('token') ? await accessToken(world, { request, parties, account }) : null
  const idToken = wants('id_token')
    ? {
        id_token: await issueIdToken(world, parties, {
          nonce: request.nonce,
          oidc: askedBy(world, request, parties).oidc,
          version: request.version,
          signIn,
          isInFront: true,
          hashes: {
            ...(code === null ? {} : { c_hash: halfHash(code) }),
            ...(token === null ? {} : { at_hash: halfHash(token.access_token) }),
          },
        }),
      }
    : {}
  const words = world.mischief.says({ at: 'authorize', tenantId: tenant.id, appId: request.appId })
  return redirectWith(withState(request, words), {
    ...(code === null ? {} : { code }),
    ...token,
    ...idToken,
    ...(request.wantsClientInfo || (wants('code') && wants('id_token')) ? { client_info: clientInfo(user) } : {}),
    session_state: sessionState(),
    ...(words.includes('authorize.iss=other') ? { iss: 'https://login.evil.example/v2.0' } : {}),
  })
}

function withState(request: AuthorizeRequest, words: readonly Word[]): AuthorizeRequest {
  if (words.includes('authorize.state=absent')) return { ...request, state: null }
  return words.includes('authorize.state=other') ? { ...request, state: randomUUID() } : request
}

async function accessToken(
  world: World,
  { request, parties, account }: { request: AuthorizeRequest; parties: Parties; account: Account },
) {
  const asked = askedBy(world, request, parties)
  const scopes = grantedScopes(world.directory, parties, asked.resource).filter((scope) => scope !== 'offline_access')
  const { value, expiresInSeconds } = await issueUserToken(
    world,
    { ...parties, acr: '0', signIn: account.signIn },
    asked.resource,
    scopes,
    { resourceName: asked.resourceName, capabilities: capabilitiesIn(request.claims ?? undefined) },
  )
  return {
    access_token: value,
    token_type: 'Bearer',
    expires_in: String(expiresInSeconds),
    scope: asked.asked.filter((scope) => scope !== 'offline_access').join(' '),
  }
}

/** @see OpenID Connect Core 1.0, section 3.3.2.11 */
const halfHash = (value: string): string =>
  createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')

export function declined(world: World, interaction: Interaction): Redirect {
  const { request, step } = interaction
  const answer = (error: string, error_description: string, more: Record<string, string> = {}) =>
    error_description.startsWith('AADSTS')
      ? refusalWith(world, request, error, error_description, more)
      : redirectWith(request, { ...more, error, error_description })
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
