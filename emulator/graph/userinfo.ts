import type { Context } from 'hono'
import { pairwise } from '#emulator/directory/ids.ts'
import { identifyCaller, type TokenMemory } from '#emulator/graph/caller.ts'
import { GraphError } from '#emulator/graph/errors.ts'
import type { Env, World } from '#emulator/world.ts'

/**
 * Who is signed in, as OpenID Connect asks: the same subject as in the ID token of the client that asks.
 * @see https://learn.microsoft.com/entra/identity-platform/userinfo
 */
export function answerUserInfo(c: Context<Env>, world: World, memory: TokenMemory): Response {
  try {
    const { user, application, permissions } = identifyCaller(world, memory, c.req.header('authorization'))
    if (!user || !permissions.includes('openid')) return refuse(c, 403, 'insufficient_scope')
    const { id, displayName, givenName, surname, mail } = user
    return c.json({
      sub: pairwise(id, application.appId),
      ...(permissions.includes('profile')
        ? {
            name: displayName,
            ...(surname === null ? {} : { family_name: surname }),
            ...(givenName === null ? {} : { given_name: givenName }),
            picture: `${world.origins.https}/v1.0/me/photo/$value`,
          }
        : {}),
      ...(permissions.includes('email') && mail !== null ? { email: mail } : {}),
    })
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    c.get('told').reason = `${error.code}: ${error.message}`
    return refuse(c, 401, 'invalid_token')
  }
}

/** @see RFC 6750, section 3 */
const refuse = (c: Context<Env>, status: 401 | 403, error: string): Response =>
  c.json({ error }, status, { 'www-authenticate': `Bearer error="${error}"` })
