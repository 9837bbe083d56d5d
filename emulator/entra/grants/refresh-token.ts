import { findUser } from '#emulator/directory/users.ts'
import { isOf } from '#emulator/entra/authority.ts'
import { EntraError, ticks } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant, GrantContext } from '#emulator/entra/grants/grant.ts'
import { refuseWrongPlatform } from '#emulator/entra/grants/wrong-platform.ts'
import { enterTenant } from '#emulator/entra/sign-in/parties.ts'
import type { RefreshToken } from '#emulator/entra/state.ts'

/**
 * @see RFC 6749 section 6
 * @see https://github.com/CompassSecurity/EntraFalcon/issues/6 for another client’s (700007)
 * @see https://github.com/tarickb/sasl-xoauth2/issues/54 for a work account’s at /consumers (7000012)
 */
export const refreshToken: Grant = {
  grantTypes: ['refresh_token'],
  parameters: ['refresh_token'],
  async handler(context) {
    const { world, state, client, form } = context
    const token = state.refreshToken(form.refresh_token ?? '')
    if (!token) throw new EntraError(9002313)
    if (token.appId !== client.application.appId) throw new EntraError(700007)
    if (token.expiresAt <= world.clock.seconds())
      throw new EntraError(token.platform === 'spa' ? 700084 : 700082, ticks(new Date(token.issuedAt * 1000)))
    refuseWrongPlatform(context, token.platform)
    const { signIn, platform } = token
    const scopes = form.scope ? form.scope.split(' ').filter((scope) => scope !== '') : token.scopes
    return answerForUser(context, { ...whereTo(context, token), signIn, scopes, platform })
  },
}

/** A refresh token is good in every tenant that the account can enter: there it stands for the guest. */
function whereTo({ world, authority, client }: GrantContext, { tenantId, userId }: RefreshToken) {
  const { tenant } = authority
  const user = findUser(world.directory, tenantId, userId)
  if (!tenant && !isOf(authority, tenantId)) throw new EntraError(7000012)
  if (!tenant || tenant.id === tenantId || !user) return { tenantId, userId }
  const home = user.home ? findUser(world.directory, user.home.tenantId, user.home.objectId) : user
  if (!home) throw new EntraError(50034, userId)
  const there = enterTenant(world, home, client.application, authority)
  return { tenantId: there.tenant.id, userId: there.user.id }
}
