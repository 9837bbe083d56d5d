import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { findApplication } from '#emulator/directory/applications.ts'
import { findTenant } from '#emulator/directory/tenants.ts'
import type { GivenToken, ReadToken } from '#emulator/pages/inside-tokens.ts'
import type { World } from '#emulator/world.ts'

const indented = (part: object): string => JSON.stringify(part, null, 2)

/** The tokens given lately, newest first. */
export const givenTokens = ({ keys, directory, clock }: World): GivenToken[] =>
  keys
    .signed()
    .toReversed()
    .map(({ header, claims }) => {
      const { scp, tid, appid, azp, aud, exp, iat } = claims
      const isIdToken = claims.appidacr === undefined && claims.azpacr === undefined
      const isAppOnly = !isIdToken && scp === undefined
      const appId = String(appid ?? azp ?? aud)
      return {
        kind: isIdToken ? 'ID token' : isAppOnly ? 'app-only' : 'on behalf of a user',
        at: `issued ${new Date(Number(iat) * 1000).toISOString().slice(11, 19)}`,
        tenant: findTenant(directory, String(tid))?.displayName ?? String(tid),
        app: findApplication(directory, appId)?.displayName ?? appId,
        whose: isAppOnly ? 'by itself' : `for ${claims.preferred_username ?? claims.upn ?? claims.name ?? claims.sub}`,
        alive: Number(exp) > clock.seconds(),
        header: indented(header),
        claims: indented(claims),
      }
    })

/** A token that somebody pasted, decoded and judged; it is kept nowhere. */
export async function readToken(world: World, token: string): Promise<ReadToken | { problem: string }> {
  try {
    const claims = decodeJwt(token)
    const keys: JSONWebKeySet = { keys: world.keys.published().map(({ kid, publicJwk }) => ({ ...publicJwk, kid })) }
    const isOurs = await jwtVerify(token, createLocalJWKSet(keys), {
      currentDate: new Date((claims.iat ?? 0) * 1000),
    }).then(
      () => true,
      () => false,
    )
    const isAlive = (claims.exp ?? 0) > world.clock.seconds()
    return {
      header: indented(decodeProtectedHeader(token)),
      claims: indented(claims),
      verdicts: [
        { good: isOurs, words: isOurs ? 'signed by this emulator' : 'not signed by this emulator' },
        { good: isAlive, words: isAlive ? 'not expired' : 'expired' },
      ],
    }
  } catch {
    return { problem: 'This is no JSON Web Token.' }
  }
}
