import { createHash } from 'node:crypto'
import { EntraError } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'
import type { Code } from '#emulator/entra/state.ts'

/** @see RFC 6749 section 4.1.3, RFC 7636 section 4.6 */
export const authorizationCode: Grant = {
  grantTypes: ['authorization_code'],
  parameters: ['code', 'redirect_uri'],
  async handler(context) {
    const { world, state, authority, client, form } = context
    const code = state.code(form.code ?? '')
    if (!code || code.request.appId !== client.application.appId) throw new EntraError(9002313)
    if (code.used) throw new EntraError(54005)
    if (code.expiresAt <= world.clock.seconds()) throw new EntraError(70008)
    if (code.request.redirectUri !== form.redirect_uri)
      throw new EntraError(50011, form.redirect_uri ?? '', client.application.appId)
    if (authority.tenant && authority.tenant.id !== code.tenantId) throw new EntraError(700005)
    code.used = true
    verifyChallenge(code, form.code_verifier)
    const scopes = form.scope ? mergeScopes(form.scope, code) : code.request.scopes
    return answerForUser(context, { tenantId: code.tenantId, userId: code.userId, scopes, nonce: code.request.nonce })
  },
}

/** MSAL adds `offline_access` when it redeems a code; without it in the authorization request nobody has consented to it. */
const mergeScopes = (scope: string, { request }: Code): string[] =>
  scope
    .split(' ')
    .filter((word) => word !== '' && (word !== 'offline_access' || request.scopes.includes('offline_access')))

function verifyChallenge({ request }: Code, verifier: string | undefined): void {
  if (request.challenge === null) {
    if (verifier !== undefined) throw new EntraError(501481)
    return
  }
  const shown =
    request.challengeMethod === 'S256'
      ? createHash('sha256')
          .update(verifier ?? '')
          .digest('base64url')
      : verifier
  if (shown !== request.challenge) throw new EntraError(501481)
}
