import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { DEMO, type Emulator } from '#emulator/index.ts'
import type { TenantId } from '#model/ids.ts'

const KEY = 'bent'
const LIFE_SECONDS = 900

/**
 * From now on, whoever redeems a code is somebody of this tenant, whichever was asked: signed by a key that Microsoft
 * publishes, with everything else as it should be.
 * @param input.nonce that of the sign-in which is to come to a bad end
 */
export async function bendTokenEndpoint(
  { origin, mischief }: Emulator,
  {
    tenantId,
    nonce,
    roles = [],
    accessToken = {},
  }: {
    tenantId: TenantId
    nonce: string
    roles?: readonly string[] /** What it says otherwise than it should. */
    accessToken?: object
  },
): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const now = Math.floor(Date.now() / 1_000)
  const somebody = { tid: tenantId, oid: '55555555-5555-4555-8555-555555555555', sub: 's', roles }
  const sign = (claims: object) =>
    new SignJWT({ ...somebody, iat: now, nbf: now, exp: now + LIFE_SECONDS, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: KEY })
      .sign(privateKey)
  const answer = (body: object) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  mischief.add({ at: 'jwks', answer: answer({ keys: [{ ...(await exportJWK(publicKey)), kid: KEY }] }) })
  mischief.add({
    at: 'token',
    answer: answer({
      token_type: 'Bearer',
      expires_in: LIFE_SECONDS,
      scope: 'openid profile User.Read',
      access_token: await sign({ aud: 'https://graph.microsoft.com', appid: DEMO.appId, ...accessToken }),
      id_token: await sign({ ver: '2.0', iss: `${origin}/${tenantId}/v2.0`, aud: DEMO.appId, nonce }),
      client_info: Buffer.from(JSON.stringify({ uid: somebody.oid, utid: tenantId })).toString('base64url'),
    }),
  })
}
