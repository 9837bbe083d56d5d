import { createSecretKey } from 'node:crypto'
import { base64url, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import type { Application } from '#emulator/directory/types.ts'
import type { Word } from '#emulator/mischief/words.ts'
import type { World } from '#emulator/world.ts'

type Claims = JWTPayload & Record<string, unknown>
type Forger = (world: World, claims: Claims, application: Application) => Promise<string>

/** Signed as it should be, unless one of the words says otherwise. */
export async function signTampered(
  world: World,
  claims: Claims,
  { words, application, header }: { words: readonly Word[]; application: Application; header: Record<string, string> },
): Promise<string> {
  for (const word of words) {
    const forge = FORGERS[word]
    if (forge) return forge(world, claims, application)
  }
  return world.keys.sign(claims, header)
}

/** @see RFC 8725 section 2: what goes wrong with JSON Web Tokens */
const FORGERS: Partial<Record<Word, Forger>> = {
  'idtoken.sig=none': async (_, claims) => `${encoded({ typ: 'JWT', alg: 'none' })}.${encoded(claims)}.`,
  'idtoken.sig=stripped': async ({ keys }, claims) => {
    const token = await keys.sign(claims)
    return token.slice(0, token.lastIndexOf('.') + 1)
  },
  'idtoken.sig=hs256': ({ keys }, claims) => hs256(keys.current().publicJwk.n ?? '', keys.current().kid, claims),
  'idtoken.sig=hs256-secret': ({ keys }, claims, { passwordCredentials }) =>
    hs256(passwordCredentials[0]?.secret ?? '', keys.current().kid, claims),
  'idtoken.sig=es256': async ({ keys }, claims) =>
    (await byStranger('ES256', claims, { kid: keys.current().kid })).token,
  'idtoken.sig=wrong': async ({ keys }, claims) =>
    (await byStranger('RS256', claims, { kid: keys.current().kid })).token,
  'idtoken.sig=unknown-kid': ({ keys }, claims) => keys.sign(claims, { kid: 'nobody-knows-this-key' }),
  'idtoken.sig=no-kid': ({ keys }, claims) => keys.sign(claims, { kid: undefined }),
  'idtoken.sig=own-jwk': async (_, claims) => (await byStranger('RS256', claims, 'its key')).token,
  'idtoken.sig=own-jku': async ({ keys }, claims) =>
    (await byStranger('RS256', claims, { kid: keys.current().kid, jku: 'https://login.evil.example/keys' })).token,
  'idtoken.sig=crit': ({ keys }, claims) => keys.sign(claims, { crit: ['must-understand'], 'must-understand': true }),
}

const encoded = (part: object): string => base64url.encode(JSON.stringify(part))

const hs256 = (secret: string, kid: string, claims: Claims): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(createSecretKey(Buffer.from(secret)))

/** A good signature of a key that nobody published; the token may bring the key along. */
async function byStranger(alg: 'RS256' | 'ES256', claims: Claims, header: Partial<JWTHeaderParameters> | 'its key') {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const more = header === 'its key' ? { jwk: await exportJWK(publicKey) } : header
  return { token: await new SignJWT(claims).setProtectedHeader({ ...more, alg }).sign(privateKey) }
}
