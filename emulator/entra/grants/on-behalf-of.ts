import { createLocalJWKSet, type decodeJwt, errors, jwtVerify } from 'jose'
import { readUti } from '#emulator/directory/uti.ts'
import { MFA } from '#emulator/entra/conditional-access.ts'
import { EntraError, ticks } from '#emulator/entra/errors.ts'
import { answerForUser } from '#emulator/entra/grants/delegated.ts'
import type { Grant } from '#emulator/entra/grants/grant.ts'
import type { SignIn } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

/**
 * An API goes on in the name of the user who called it.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
 */
export const onBehalfOf: Grant = {
  grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
  parameters: ['assertion', 'requested_token_use', 'scope'],
  async handler(context) {
    const { world, client, authority, form } = context
    if (client.acr === '0') throw new EntraError(7000218)
    const { application } = client
    const claims = await verified(world, form.assertion ?? '')
    const audiences = [application.appId, ...application.identifierUris].map(plain)
    if (!audiences.includes(plain(String(claims.aud)))) throw new EntraError(500131)
    const isAppOnly = claims.idtyp === 'app' || claims.scp === undefined
    if (isAppOnly || typeof claims.tid !== 'string' || typeof claims.oid !== 'string') throw new EntraError(50013)
    if (authority.tenant && authority.tenant.id !== claims.tid) throw new EntraError(50013)
    return answerForUser(context, {
      tenantId: claims.tid,
      userId: claims.oid,
      signIn: signInOf(claims.uti),
      scopes: (form.scope ?? '').split(' ').filter((scope) => scope !== ''),
    })
  },
}

const plain = (name: string): string => name.replace(/\/+$/, '').toLowerCase()

function signInOf(uti: unknown): SignIn {
  const { issuedMilliseconds, hasSecondFactor } = readUti(uti)
  return { atMilliseconds: issuedMilliseconds, methods: hasSecondFactor ? ['pwd', MFA] : ['pwd'] }
}

/** @throws EntraError 50013 for a signature that is not ours, 500133 for a token that has run out */
async function verified({ keys, clock }: World, assertion: string): Promise<ReturnType<typeof decodeJwt>> {
  const published = keys.published().map(({ kid, publicJwk }) => ({ ...publicJwk, kid }))
  try {
    const { payload } = await jwtVerify(assertion, createLocalJWKSet({ keys: published }), {
      algorithms: ['RS256'],
      currentDate: clock.now(),
    })
    return payload
  } catch (error) {
    if (!(error instanceof errors.JWTExpired)) throw new EntraError(50013)
    const expiry = new Date((error.payload.exp ?? 0) * 1000)
    throw new EntraError(500133, ticks(clock.now()), ticks(expiry))
  }
}
