import { isFirstParty } from '#emulator/directory/first-party.ts'
import { contentsOf } from '#emulator/directory/open.ts'
import { ensureServicePrincipal, findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Guid, Platform } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import type { AuthenticatedClient } from '#emulator/entra/clients/client-authentication.ts'
import { refuseByAccess } from '#emulator/entra/conditional-access.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { GrantContext } from '#emulator/entra/grants/grant.ts'
import { type AskedScopes, OIDC_SCOPES, readScopes } from '#emulator/entra/scopes.ts'
import { grantedScopes } from '#emulator/entra/sign-in/consent.ts'
import { refuseUnassigned } from '#emulator/entra/sign-in/parties.ts'
import type { SignIn } from '#emulator/entra/state.ts'
import { refuseRestricted } from '#emulator/entra/tenant-restrictions.ts'
import { issueIdToken } from '#emulator/entra/tokens/id-token.ts'
import { capabilitiesIn, clientInfo, issueUserToken } from '#emulator/entra/tokens/tokens.ts'

export type ForUser = {
  tenantId: Guid
  userId: Guid
  signIn: SignIn
  scopes: readonly string[]
  nonce?: string | null
  platform?: Platform
}

/** What every grant on behalf of a user answers: tokens for what that user, or an administrator, has consented to. */
export async function answerForUser(
  { world, state, client, form, told, version, restrictions }: GrantContext,
  { tenantId, userId, signIn, scopes, nonce = null, platform }: ForUser,
): Promise<Record<string, unknown>> {
  const { tenant } = contentsOf(world.directory, tenantId)
  const user = findUser(world.directory, tenantId, userId)
  const { application, acr } = client
  refuseRestricted(restrictions, tenant)
  if (application.signInAudience === 'AzureADMyOrg' && application.tenantId !== tenantId)
    throw new EntraError(700016, application.appId, tenant.displayName)
  if (!user) throw new EntraError(50034, userId)
  if (!user.accountEnabled) throw new EntraError(50057)
  if (isFirstParty(application)) ensureServicePrincipal(world.directory, tenantId, application.appId)
  const servicePrincipal = findServicePrincipalByAppId(world.directory, tenantId, application.appId)
  if (servicePrincipal && !servicePrincipal.accountEnabled)
    throw new EntraError(7000112, application.appId, application.displayName)
  refuseUnassigned(world, { tenant, user, application })
  const asked = readScopes(world.directory, scopes, tenant.displayName)
  refuseByAccess(world, { tenant, user, application }, signIn, asked.resource)
  const granted = grantedScopes(world.directory, { tenant, user, application }, asked.resource)
  if (granted.length === 0) throw new EntraError(65001, application.appId, application.displayName)
  const missing = asked.permissions.filter(
    (permission) => !granted.includes(permission.value) && !asked.oidc.includes(permission.value),
  )
  if (missing.length > 0) throw new EntraError(65001, application.appId, application.displayName)
  told.tenantId = tenantId
  told.appId = application.appId
  const token = await issueUserToken(
    world,
    { tenant, user, application, acr, signIn },
    asked.resource,
    granted.filter((scope) => scope !== 'offline_access'),
    { resourceName: asked.resourceName, capabilities: capabilitiesIn(form.claims) },
  )
  const refreshable = {
    appId: application.appId,
    tenantId,
    userId,
    signIn,
    platform: platform ?? platformWithout(client),
    scopes: [...scopes],
  }
  return {
    token_type: 'Bearer',
    scope: version === 'v1' ? granted.join(' ') : scopeAnswer(asked, granted),
    expires_in: token.expiresInSeconds,
    ext_expires_in: token.expiresInSeconds,
    ...(token.refreshInSeconds === undefined ? {} : { refresh_in: token.refreshInSeconds }),
    access_token: token.value,
    ...(asked.oidc.includes('offline_access') ? { refresh_token: state.issueRefreshToken(refreshable) } : {}),
    ...(asked.oidc.includes('openid')
      ? {
          id_token: await issueIdToken(
            world,
            { tenant, user, application },
            { nonce, oidc: asked.oidc, version, signIn },
          ),
        }
      : {}),
    // Clients of one family may use each other's refresh tokens.
    ...(isFirstParty(application) ? { foci: '1' } : {}),
    ...(form.client_info === '1' ? { client_info: clientInfo(user) } : {}),
  }
}

/** Where no redirect address has a say. */
const platformWithout = ({ application }: AuthenticatedClient): Platform =>
  application.isFallbackPublicClient ? 'publicClient' : 'web'

/** What was granted, in the client's spelling; `.default` brings the full names of all and stands itself at the end. */
function scopeAnswer(asked: AskedScopes, granted: readonly string[]): string {
  const own = asked.asked.filter((scope) => scope !== 'offline_access')
  if (!asked.isDefault) return own.join(' ')
  const oidc = own.filter((scope) => asked.oidc.includes(scope))
  const full = granted
    .filter((scope) => !OIDC_SCOPES.includes(scope))
    .map((scope) => `${asked.resourceName.replace(/\/+$/, '')}/${scope}`)
  return [...oidc, ...full, ...own.filter((scope) => !asked.oidc.includes(scope))].join(' ')
}
