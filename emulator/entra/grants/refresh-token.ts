import { EntraError } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'

/** @see RFC 6749 section 6 */
export const refreshToken: Grant = {
  grantTypes: ['refresh_token'],
  parameters: ['refresh_token'],
  async handler(context) {
    const { world, state, client, form } = context
    const token = state.refreshToken(form.refresh_token ?? '')
    if (!token || token.appId !== client.application.appId) throw new EntraError(9002313)
    if (token.expiresAt <= world.clock.seconds())
      throw new EntraError(700082, new Date(token.issuedAt * 1000).toISOString())
    const scopes = form.scope ? form.scope.split(' ').filter((scope) => scope !== '') : token.scopes
    return answerForUser(context, { tenantId: token.tenantId, userId: token.userId, scopes, nonce: null })
  },
}
