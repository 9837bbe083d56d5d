import { decodeJwt } from 'jose'

/**
 * What an access token for Graph says of its tenant, as it stands there; undefined where it cannot be read. Only a
 * tripwire: tokens for Graph are Graph’s to validate, but one that names another tenant must not be used.
 */
export function tenantInToken(accessToken: string): unknown {
  try {
    return decodeJwt(accessToken).tid
  } catch {
    return undefined
  }
}
