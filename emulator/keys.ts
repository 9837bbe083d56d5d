import { createHash, randomBytes } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'

export type PublishedKey = { kid: string; publicJwk: JWK }
export type SigningKey = PublishedKey & { privateKey: CryptoKey }

/** The keys that the emulator signs with. Several are published at once, and a client must choose by `kid`. */
export type Keys = {
  current(): SigningKey
  /** Every published key; the decoys among them sign nothing. */
  published(): readonly PublishedKey[]
  /** Signs with the current key as Entra ID does, RS256. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** A new key signs from now on; the old ones stay published. */
  rotate(): Promise<void>
}

export async function openKeys(): Promise<Keys> {
  let current = await makeKey()
  let others: PublishedKey[] = [makeDecoy(), makeDecoy()]
  return {
    current: () => current,
    published: () => [current, ...others],
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: current.kid, ...header } as JWTHeaderParameters)
        .sign(current.privateKey),
    async rotate() {
      others = [current, ...others]
      current = await makeKey()
    },
  }
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 })
  const publicJwk = await exportJWK(publicKey)
  return { kid: kidOf(publicJwk.n ?? ''), privateKey, publicJwk }
}

/** A number that looks like a key: nobody holds the other half, and drawing it takes no time. */
function makeDecoy(): PublishedKey {
  const modulus = randomBytes(256)
  modulus[0] = (modulus[0] ?? 0) | 0x80
  modulus[255] = (modulus[255] ?? 0) | 0x01
  const n = modulus.toString('base64url')
  return { kid: kidOf(n), publicJwk: { kty: 'RSA', n, e: 'AQAB' } }
}

const kidOf = (modulus: string): string => createHash('sha1').update(modulus).digest('base64url')
