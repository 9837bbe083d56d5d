import { createHash } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'

export type SigningKey = { kid: string; privateKey: CryptoKey; publicJwk: JWK }

/** The keys that the emulator signs with. Several are published at once, and a client must choose by `kid`. */
export type Keys = {
  current(): SigningKey
  /** Every published key; the decoy among them signs nothing. */
  published(): readonly SigningKey[]
  /** Signs with the current key as Entra ID does, RS256. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** A new key signs from now on; the old ones stay published. */
  rotate(): Promise<void>
}

export async function openKeys(): Promise<Keys> {
  let [current, ...others]: [SigningKey, ...SigningKey[]] = await Promise.all([makeKey(), makeKey(), makeKey()])
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
  const kid = createHash('sha1')
    .update(publicJwk.n ?? '')
    .digest('base64url')
  return { kid, privateKey, publicJwk }
}
