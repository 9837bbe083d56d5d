import { createHash } from 'node:crypto'
import { isOf } from '#emulator/entra/authority.ts'
import { EntraError } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'
import { refuseWrongPlatform } from '#emulator/entra/grants/wrong-platform.ts'
import { splitScope } from '#emulator/entra/scopes.ts'
import { platformOf } from '#emulator/entra/sign-in/redirect.ts'
import type { Code } from '#emulator/entra/state.ts'

/** @see RFC 6749 section 4.1.3, RFC 7636 section 4.6 */
export const authorizationCode: Grant = {
  grantTypes: ['authorization_code'],
  parameters: ['code', 'redirect_uri'],
  async handler(context) {
    const { world, state, authority, client, form } = context
    const code = state.code(form.code ?? '')
    if (!code) throw new EntraError(9002313)
    if (code.request.appId !== client.application.appId) throw new EntraError(700007)
    if (code.used) throw new EntraError(54005)
    if (code.expiresAt <= world.clock.seconds()) throw new EntraError(70008)
    if (code.request.redirectUri !== form.redirect_uri)
      throw new EntraError(500112, form.redirect_uri ?? '', code.request.redirectUri)
    if (!isOf(authority, code.tenantId)) throw new EntraError(700005)
    const platform = platformOf(client.application, code.request.redirectUri) ?? 'web'
    refuseWrongPlatform(context, platform)
    if (platform === 'spa' && code.request.challenge === null) throw new EntraError(9002325)
    code.used = true
    verifyChallenge(code, form.code_verifier)
    const { tenantId, userId, signIn } = code
    return answerForUser(context, {
      tenantId,
      userId,
      signIn,
      scopes: scopesOf(form.scope, code),
      nonce: code.request.nonce,
      platform,
    })
  },
}

/**
 * Of one resource; a code that was asked for with none more stands for the first. MSAL adds `offline_access` when it redeems
 * a code; without it in the authorization request nobody has consented to it.
 * @throws EntraError 28003, 28000
 */
function scopesOf(scope: string | undefined, { request }: Code): string[] {
  if (scope === undefined) return request.scopes
  const words = scope.split(' ').filter((word) => word !== '')
  if (words.length === 0) throw new EntraError(28003)
  const resources = new Set(
    words.filter((word) => word.includes('/')).map((word) => splitScope(word).resource.toLowerCase()),
  )
  if (resources.size > 1) throw new EntraError(28000, scope)
  return words.filter((word) => word !== 'offline_access' || request.scopes.includes('offline_access'))
}

function verifyChallenge({ request }: Code, verifier: string | undefined): void {
  if ((request.challenge === null) !== (verifier === undefined)) throw new EntraError(50148)
  if (request.challenge === null) return
  const shown =
    request.challengeMethod === 'S256'
      ? createHash('sha256')
          .update(verifier ?? '')
          .digest('base64url')
      : verifier
  if (shown !== request.challenge) throw new EntraError(501481)
}
