import { createHash, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { JWK } from 'jose'

export type PublishedKey = { kid: string; publicJwk: JWK }
type SigningKey = PublishedKey & { privateKey: KeyObject }

export type SignedToken = { header: object; claims: Record<string, unknown> }

const REMEMBERED = 200

/** The keys that the emulator signs with. Several are published at once, and a client must choose by `kid`. */
export type Keys = {
  /** The first key takes a tenth of a second to draw; nothing may be asked for before it is there. */
  ready: Promise<void>
  current(): PublishedKey
  /** Every published key; the decoys among them sign nothing. */
  published(): readonly PublishedKey[]
  /** Signs with the current key as Entra ID does, RS256. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** What was signed lately, oldest first, without its signature: nobody can use it. */
  signed(): readonly SignedToken[]
  forgetSigned(): void
  /** A new key signs from now on; the old ones stay published. */
  rotate(): Promise<void>
}

export function openKeys(): Keys {
  let drawn: SigningKey | null = null
  let signed: SignedToken[] = []
  let others: PublishedKey[] = [makeDecoy(), makeDecoy()]
  const current = (): SigningKey => {
    if (!drawn) throw new Error('The first signing key is not there yet.')
    return drawn
  }
  const draw = async () => {
    const next = await makeKey()
    if (drawn) others = [drawn, ...others]
    drawn = next
  }
  return {
    ready: draw(),
    current,
    published: () => [current(), ...others],
    sign(claims, more = {}) {
      const key = current()
      const header = { typ: 'JWT', alg: 'RS256', kid: key.kid, ...more }
      signed.push({ header, claims })
      if (signed.length > REMEMBERED * 2) signed = signed.slice(-REMEMBERED)
      return signedWith(key, claims, header)
    },
    signed: () => signed.slice(-REMEMBERED),
    forgetSigned() {
      signed = []
    },
    rotate: draw,
  }
}

const signInBackground = promisify(sign)
const generateInBackground = promisify(generateKeyPair)
const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** By Node's own key rather than through Web Crypto: half the time, and on another thread. @see RFC 7515 section 7.1 */
async function signedWith({ privateKey }: SigningKey, claims: object, header: object): Promise<string> {
  const input = `${encoded(header)}.${encoded(claims)}`
  const signature = await signInBackground('sha256', Buffer.from(input), privateKey)
  return `${input}.${signature.toString('base64url')}`
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateInBackground('rsa', { modulusLength: 2048 })
  const publicJwk = publicKey.export({ format: 'jwk' }) as JWK
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
