import { decodeJwt, type JWTPayload } from 'jose'
import type { Cloud } from '#model/cloud.ts'
import { type ClientId, MICROSOFT_GRAPH } from '#model/ids.ts'

/**
 * What an access token says of itself; null where it cannot be read, or says that it is for another service than Microsoft
 * Graph, or another app. Only a tripwire: such tokens are Graph’s to validate, but one that is not what was asked for must
 * not be used.
 */
export function readGraphToken(
  { cloud, clientId }: { cloud: Cloud; clientId: ClientId },
  accessToken: string,
): JWTPayload | null {
  const claims = decode(accessToken)
  const audiences: unknown[] = [
    cloud.graphResource,
    `${cloud.graphResource}/`,
    cloud.graphOrigin,
    `${cloud.graphOrigin}/`,
    MICROSOFT_GRAPH,
  ]
  return claims && (claims.appid ?? claims.azp) === clientId && audiences.includes(claims.aud) ? claims : null
}

function decode(accessToken: string): JWTPayload | null {
  try {
    return decodeJwt(accessToken)
  } catch {
    return null
  }
}
