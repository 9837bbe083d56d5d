import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { exportJWK, generateKeyPair, importJWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { DEMO } from '#emulator/index.ts'
import { validateIdToken } from '#entra/id-token.ts'
import { openGates } from '#test/support/gates.ts'
import { refusedWith } from '#test/support/problem.ts'

// Somebody who can sign as Microsoft does, so that every other check has to hold by itself.
const { emulator, entra } = await openGates({ after })
const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
const stranger = await generateKeyPair('RS256', { extractable: true })
const keys = [{ ...(await exportJWK(publicKey)), kid: 'ours' }]
emulator.mischief.add({ at: 'jwks', answer: { status: 200, body: JSON.stringify({ keys }) } })

const nonce = 'the-nonce-of-this-sign-in'
const now = () => Math.floor(Date.now() / 1000)
const honest = () => ({
  ver: '2.0',
  iss: `${emulator.origin}/${DEMO.contoso}/v2.0`,
  aud: DEMO.appId,
  sub: 'subject',
  tid: DEMO.contoso,
  oid: '55555555-5555-4555-8555-555555555555',
  iat: now(),
  nbf: now(),
  exp: now() + 3_600,
  nonce,
})
type Change = { claims?: Record<string, unknown>; header?: Partial<JWTHeaderParameters>; key?: typeof privateKey }

async function validate({ claims = {}, header = {}, key = privateKey }: Change) {
  const named = { alg: 'RS256', kid: 'ours', ...header }
  const idToken = await new SignJWT({ ...honest(), ...claims })
    .setProtectedHeader(named)
    .sign(await importJWK(await exportJWK(key), named.alg))
  return validateIdToken(entra, idToken, { nonce })
}

/** In the words of JSON: a claim that is undefined is left out. */
const REFUSED: Record<string, readonly Change[]> = {
  'S08 whoever brings his own key': [
    { key: stranger.privateKey },
    { key: stranger.privateKey, header: { jwk: await exportJWK(stranger.publicKey) } },
    { key: stranger.privateKey, header: { jku: 'https://login.evil.example/keys' } },
    { header: { alg: 'RS384' } },
    { header: { alg: 'PS256' } },
    { header: { kid: '' } },
    { header: { kid: '../ours' } },
  ],
  'S09 an issuer that only looks like the tenant’s': [
    { claims: { iss: undefined } },
    { claims: { iss: `${emulator.origin}/${DEMO.contoso}/v2.0?` } },
    { claims: { iss: `${emulator.origin}.evil.example/${DEMO.contoso}/v2.0` } },
    { claims: { iss: `${emulator.origin}/${DEMO.contoso}` } },
    { claims: { iss: `${emulator.origin}/common/v2.0` } },
    { claims: { iss: `${emulator.origin}/{tenantid}/v2.0` } },
    { claims: { iss: [`${emulator.origin}/${DEMO.contoso}/v2.0`] } },
  ],
  'S10 a tenant or a person that is none': [
    { claims: { tid: `${DEMO.contoso} ` } },
    { claims: { tid: `${DEMO.contoso}/../${DEMO.fabrikam}` } },
    { claims: { tid: 'organizations', iss: `${emulator.origin}/organizations/v2.0` } },
    { claims: { tid: { toString: DEMO.contoso } } },
    { claims: { tid: null } },
    { claims: { oid: 'not-a-guid' } },
    { claims: { oid: [honest().oid] } },
    { claims: { sub: '' } },
    { claims: { sub: undefined } },
    { claims: { ver: '1.0' } },
    { claims: { ver: undefined } },
  ],
  'S12 an audience, or times, that are not ours': [
    { claims: { aud: undefined } },
    { claims: { aud: [] } },
    { claims: { aud: [DEMO.appId, 'another'] } },
    { claims: { aud: `api://${DEMO.appId}` } },
    { claims: { exp: undefined } },
    { claims: { exp: now() - 301 } },
    { claims: { exp: String(now() + 3_600) } },
    { claims: { iat: undefined } },
    { claims: { iat: now() + 400 } },
    { claims: { nbf: now() + 400 } },
  ],
  'S04 a nonce that is not this sign-in’s': [
    { claims: { nonce: undefined } },
    { claims: { nonce: '' } },
    { claims: { nonce: [nonce] } },
    { claims: { nonce: `${nonce} ` } },
  ],
}

test('an ID token with nothing wrong in it is believed', async () => {
  assert.equal((await validate({})).tenantId, DEMO.contoso)
  const upperCase = await validate({ claims: { tid: DEMO.contoso.toUpperCase() } })
  assert.equal(upperCase.tenantId, DEMO.contoso)
})

for (const [title, changes] of Object.entries(REFUSED))
  test(`${title} is refused`, async () => {
    for (const change of changes) {
      const { retry } = await refusedWith('ID_TOKEN_INVALID', () => validate(change)).catch((error: unknown) =>
        assert.fail(`${JSON.stringify(change)}: ${error}`),
      )
      assert.equal(retry, 'never')
    }
  })
