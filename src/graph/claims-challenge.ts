const MAX_CHARACTERS = 8_192

/**
 * The claims that Graph wants the next token to be asked for with, as JSON; null when it does not ask for any.
 * @param challenge the header `www-authenticate` of a 401
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function claimsWanted(challenge: string | undefined): string | null {
  if (!challenge || challenge.length > MAX_CHARACTERS || !/\berror="insufficient_claims"/i.test(challenge)) return null
  const encoded = /\bclaims="([\w+/=-]+)"/i.exec(challenge)?.[1]
  if (!encoded) return null
  const claims = Buffer.from(encoded, 'base64').toString('utf8')
  try {
    const parsed: unknown = JSON.parse(claims)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? claims : null
  } catch {
    return null
  }
}
