import { contentsOf } from '#emulator/directory/open.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Guid } from '#emulator/directory/types.ts'
import { findUser } from '#emulator/directory/users.ts'
import { grantedScopes } from '#emulator/entra/consent.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import type { GrantContext } from '#emulator/entra/grants/grant.ts'
import { readScopes } from '#emulator/entra/scopes.ts'
import { clientInfo, issueIdToken, issueUserToken } from '#emulator/entra/tokens.ts'

/** What every grant on behalf of a user answers: tokens for what that user, or an administrator, has consented to. */
export async function answerForUser(
  { world, state, client, form, told }: GrantContext,
  {
    tenantId,
    userId,
    scopes,
    nonce,
  }: { tenantId: Guid; userId: Guid; scopes: readonly string[]; nonce: string | null },
): Promise<Record<string, unknown>> {
  const { tenant } = contentsOf(world.directory, tenantId)
  const user = findUser(world.directory, tenantId, userId)
  const { application, acr } = client
  if (!user) throw new EntraError(50034, userId)
  if (!user.accountEnabled) throw new EntraError(50057)
  const servicePrincipal = findServicePrincipalByAppId(world.directory, tenantId, application.appId)
  if (servicePrincipal && !servicePrincipal.accountEnabled)
    throw new EntraError(7000112, application.appId, application.displayName)
  const asked = readScopes(world.directory, scopes, tenant.displayName)
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
    { tenant, user, application, acr },
    asked.resource,
    granted.filter((scope) => scope !== 'offline_access'),
  )
  return {
    token_type: 'Bearer',
    scope: asked.asked.filter((scope) => scope !== 'offline_access').join(' '),
    expires_in: token.expiresInSeconds,
    ext_expires_in: token.expiresInSeconds,
    access_token: token.value,
    ...(asked.oidc.includes('offline_access')
      ? { refresh_token: state.issueRefreshToken({ appId: application.appId, tenantId, userId, scopes: [...scopes] }) }
      : {}),
    ...(asked.oidc.includes('openid')
      ? { id_token: await issueIdToken(world, { tenant, user, application }, nonce) }
      : {}),
    ...(form.client_info === '1' ? { client_info: clientInfo(user) } : {}),
  }
}
