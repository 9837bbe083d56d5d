import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import fc from 'fast-check'
import { DEMO, type Word } from '#emulator/index.ts'
import { validateIdToken } from '#entra/id-token.ts'
import type { ProblemCode } from '#model/problem.ts'
import { comeBack, idTokenFor, redeem } from '#test/entra/support/come-back.ts'
import { openGates } from '#test/support/gates.ts'
import { refusedWith } from '#test/support/problem.ts'

const gates = await openGates({ after })
const { emulator, entra } = gates
afterEach(() => emulator.mischief.clear())

type IdTokenWord = Extract<Word, `idtoken.${string}`>
type Refusal = { name: string; why: RegExp; code?: ProblemCode }

const ANOTHER_SHAPE = /a claim is missing or has another shape/
const OTHER_ISSUER = /the issuer is not that of the tenant/
const SIGNATURE = /its signature does not hold/
const ALGORITHM = /it is not signed with RS256/
const OTHER_APPLICATION = /it was made for another application/

/** Each way to tamper with an ID token, and the one reason for which it has to be refused. */
const REFUSED: Record<IdTokenWord, Refusal> = {
  'idtoken.nonce=other': { name: 'S04', why: /it does not belong to this sign-in/ },
  'idtoken.nonce=absent': { name: 'S04', why: /its claim nonce does not hold/ },
  'idtoken.sig=none': { name: 'S08', why: ALGORITHM },
  'idtoken.sig=hs256': { name: 'S08', why: ALGORITHM },
  'idtoken.sig=wrong': { name: 'S08', why: SIGNATURE },
  'idtoken.sig=stripped': { name: 'S08', why: SIGNATURE },
  'idtoken.sig=hs256-secret': { name: 'S08', why: ALGORITHM },
  'idtoken.sig=es256': { name: 'S08', why: ALGORITHM },
  'idtoken.sig=no-kid': { name: 'S08', why: SIGNATURE },
  'idtoken.sig=own-jwk': { name: 'S08', why: SIGNATURE },
  'idtoken.sig=own-jku': { name: 'S08', why: SIGNATURE },
  'idtoken.sig=crit': { name: 'S08', why: SIGNATURE },
  'idtoken.sig=unknown-kid': { name: 'S08', why: SIGNATURE },
  'idtoken.iss=other-host': { name: 'S09', why: OTHER_ISSUER },
  'idtoken.iss=other-tenant': { name: 'S09', why: OTHER_ISSUER },
  'idtoken.iss=v1': { name: 'S09', why: OTHER_ISSUER },
  'idtoken.iss=trailing-slash': { name: 'S09', why: OTHER_ISSUER },
  'idtoken.iss=absent': { name: 'S09', why: /its claim iss does not hold/ },
  'idtoken.tid=other': { name: 'S10', why: OTHER_ISSUER },
  'idtoken.tid=common': { name: 'S10', why: /is not a GUID/ },
  'idtoken.tid=array': { name: 'S10', why: ANOTHER_SHAPE },
  'idtoken.tid=absent': { name: 'S10', why: ANOTHER_SHAPE },
  'idtoken.tid=personal': { name: 'S10', why: /personal Microsoft account/, code: 'PERSONAL_ACCOUNT' },
  'idtoken.oid=absent': { name: 'S10', why: ANOTHER_SHAPE },
  'idtoken.sub=absent': { name: 'S10', why: ANOTHER_SHAPE },
  'idtoken.ver=1.0': { name: 'S09', why: ANOTHER_SHAPE },
  'idtoken.aud=other': { name: 'S12', why: OTHER_APPLICATION },
  'idtoken.aud=extra': { name: 'S12', why: OTHER_APPLICATION },
  'idtoken.aud=absent': { name: 'S12', why: /its claim aud does not hold/ },
  'idtoken.azp=other': { name: 'S12', why: OTHER_APPLICATION },
  'idtoken.at_hash=wrong': { name: 'S12', why: /another access token/ },
  'idtoken.c_hash=wrong': { name: 'S06', why: /another code/ },
  'idtoken.exp=absent': { name: 'S12', why: /its claim exp does not hold/ },
  'idtoken.iat=absent': { name: 'S12', why: /its claim iat does not hold/ },
  'idtoken.iat=future': { name: 'S12', why: /issued in the future/ },
  'idtoken.exp=past': { name: 'S12', why: /it has expired/ },
  'idtoken.nbf=future': { name: 'S12', why: /its claim nbf does not hold/ },
}

test('an ID token that nobody tampered with says who signed in', async () => {
  const back = await comeBack(gates)
  const account = await validateIdToken(entra, await idTokenFor(gates, back), back.ticket)
  assert.deepEqual([account.tenantId, account.name], [DEMO.contoso, 'Grace Admin'])
  assert.deepEqual((await redeem(gates, await comeBack(gates))).account, account)
})

for (const [word, { name, why, code = 'ID_TOKEN_INVALID' }] of Object.entries(REFUSED) as [IdTokenWord, Refusal][])
  test(`${name} ${word} is refused by our own check, and by the whole sign-in`, async () => {
    emulator.mischief.say(word)
    const back = await comeBack(gates)
    const idToken = await idTokenFor(gates, back)
    const { message, retry } = await refusedWith(code, () => validateIdToken(entra, idToken, back.ticket))
    assert.match(message, why)
    assert.equal(retry, 'never')

    const again = await comeBack(gates)
    await refusedWith(code, () => redeem(gates, again))
  })

test('S04 an ID token of another sign-in of the same person is refused', async () => {
  const [first, second] = [await comeBack(gates), await comeBack(gates)]
  const idToken = await idTokenFor(gates, first)
  await refusedWith('ID_TOKEN_INVALID', () => validateIdToken(entra, idToken, second.ticket))
  await refusedWith('ID_TOKEN_INVALID', () => validateIdToken(entra, idToken, { nonce: '' }))
})

test('S08 no character of a signed ID token can be changed', async () => {
  const back = await comeBack(gates)
  const idToken = await idTokenFor(gates, back)
  const signed = idToken.lastIndexOf('.')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
  await fc.assert(
    fc.asyncProperty(fc.nat(signed), fc.constantFrom(...alphabet), async (at, character) => {
      fc.pre(idToken[at] !== character)
      const changed = idToken.slice(0, at) + character + idToken.slice(at + 1)
      await refusedWith('ID_TOKEN_INVALID', () => validateIdToken(entra, changed, back.ticket))
    }),
    { numRuns: 300 },
  )
})

test('S12 times are judged by our clock, with five minutes’ grace and not a second more', async () => {
  const back = await comeBack(gates)
  const idToken = await idTokenFor(gates, back)
  const { iat, exp } = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString())
  const at = (seconds: number) => ({ ...entra, clock: { ...entra.clock, now: () => new Date(seconds * 1000) } })
  const validate = (seconds: number) => validateIdToken(at(seconds), idToken, back.ticket)

  for (const inside of [iat - 300, iat, exp, exp + 299])
    assert.equal((await validate(inside)).tenantId, DEMO.contoso, `${inside - iat} s after it was issued`)
  for (const outside of [iat - 301, exp + 300]) await refusedWith('ID_TOKEN_INVALID', () => validate(outside))
})

test('what is no token at all is refused in the same words', async () => {
  for (const text of ['', '.', 'a.b.c', '....', 'null', '{}', `${'A'.repeat(100_000)}.e30.e30`, '\u0000'])
    await refusedWith('ID_TOKEN_INVALID', () => validateIdToken(entra, text, { nonce: 'x' }))
})
