import { createHash, randomBytes } from 'node:crypto'

/** 32 random bytes each, base64url. @see RFC 7636 section 4, OpenID Connect Core section 3.1.2.1 */
export type NewSignIn = { state: string; nonce: string; verifier: string; challenge: string }

const random = () => randomBytes(32).toString('base64url')

export function newSignIn(): NewSignIn {
  const verifier = random()
  return {
    state: random(),
    nonce: random(),
    verifier,
    challenge: createHash('sha256').update(verifier).digest('base64url'),
  }
}
