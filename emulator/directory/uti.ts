import { randomBytes } from 'node:crypto'

export type TokenBirth = { issuedMilliseconds: number; hasSecondFactor: boolean }

const TIME_BYTES = 6

/**
 * A token’s unique id, opaque to everybody outside: it says to the thousandth of a second when the token was born, which
 * `iat` does not, and whether a second factor was shown, which tokens of version 2 do not.
 */
export function makeUti({ issuedMilliseconds, hasSecondFactor }: TokenBirth): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(issuedMilliseconds, 0, TIME_BYTES)
  bytes[TIME_BYTES] = hasSecondFactor ? 1 : 0
  return bytes.toString('base64url')
}

export function readUti(uti: unknown): TokenBirth {
  const bytes = Buffer.from(typeof uti === 'string' ? uti : '', 'base64url')
  return bytes.length === 16
    ? { issuedMilliseconds: bytes.readUIntBE(0, TIME_BYTES), hasSecondFactor: bytes[TIME_BYTES] === 1 }
    : { issuedMilliseconds: 0, hasSecondFactor: false }
}
