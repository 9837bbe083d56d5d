import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose'
import { EntraError, ticks } from '#emulator/entra/errors.ts'

const SKEW_SECONDS = 300

/** Of the last kind since 2023; before, Entra ID named RS256 alone. @see https://github.com/AzureAD/microsoft-identity-web/issues/3467 */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

/**
 * What a client says of itself, or another issuer of it, before anybody has looked at the signature. The answers of Entra
 * ID to each lack were recorded.
 * @see https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/blob/main/tests/Microsoft.Identity.Test.Common/Core/Mocks/MockHelpers.cs
 * @throws EntraError 50027 for what is no token, 90014 for a claim that is missing, 5002738 for how it is signed, 5002723 for
 * one that does not say by which key
 */
export function checkForm(assertion: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  const { header, claims } = readAssertion(assertion)
  for (const name of ['iss', 'aud'] as const) if (claims[name] === undefined) throw new EntraError(90014, name)
  if (!ALGORITHMS.includes(header.alg ?? '')) throw new EntraError(5002738, header.alg ?? '')
  if (!header.x5t && !header['x5t#S256'] && !header.kid) throw new EntraError(5002723)
  return { header, claims }
}

/** @throws EntraError 50027 for what is no token */
export function readAssertion(assertion: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) }
  } catch {
    throw new EntraError(50027)
  }
}

/**
 * A claim that is missing counts as 1970: without `nbf` it was always good, without `exp` it never was. That an assertion
 * was shown before is not looked at (`jti`): MSAL Node sends the same one until it runs out.
 * @see https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/issues/4951
 * @throws EntraError 700024, 50027 for what is no time
 */
export function checkTimes({ nbf, exp }: JWTPayload, now: Date): void {
  const [from, until] = [secondsIn(nbf), secondsIn(exp)]
  const seconds = now.getTime() / 1000
  if (from > seconds + SKEW_SECONDS || until < seconds - SKEW_SECONDS)
    throw new EntraError(700024, ticks(now), ticks(new Date(from * 1000)), ticks(new Date(until * 1000)))
}

/** What is no number, or none that a date can hold, is no time. @see RFC 7519 section 2, NumericDate */
export function secondsIn(claim: unknown = 0): number {
  if (typeof claim !== 'number' || Number.isNaN(new Date(claim * 1000).getTime())) throw new EntraError(50027)
  return claim
}
