import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { DEMO, demoEstate, type EstateInput } from '#emulator/index.ts'
import { type AppToken, appToken, forgetTenant } from '#entra/app-token.ts'
import { openTokenCache } from '#entra/token-cache.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { comeBack, redeem } from '#test/entra/support/come-back.ts'
import { bendTokenEndpoint } from '#test/support/bend-token-endpoint.ts'
import { consent, openGates, PERMISSIONS } from '#test/support/gates.ts'
import { handClock, MINUTE, SECOND } from '#test/support/hand-clock.ts'
import { CONTOSO, FABRIKAM } from '#test/support/installation.ts'
import { madeUp } from '#test/support/made-up.ts'
import { refusedWith } from '#test/support/problem.ts'

/** Twenty customers besides those of the demo. */
const CUSTOMERS = Array.from({ length: 20 }, () => madeUp.tenantId())
const estate: EstateInput = {
  ...demoEstate,
  tenants: [
    ...demoEstate.tenants,
    ...CUSTOMERS.map((id, index) => ({ id, displayName: `Customer ${index}`, domains: [`customer${index}.example`] })),
  ],
  servicePrincipals: CUSTOMERS.map((tenant) => ({ tenant, appId: DEMO.appId, application: [...PERMISSIONS] })),
}

const clock = handClock(new Date())
const gates = await openGates({ after }, { clock, estate })
const { emulator, entra } = gates
await consent(gates, CONTOSO)
afterEach(() => emulator.mischief.clear())
const tokenRequests = () => emulator.requests.list({ path: '/oauth2/v2.0/token' }).length

test('a token is used until five minutes before its end, then renewed', async () => {
  emulator.requests.clear()
  const first = await appToken(entra, CONTOSO)
  clock.pass(first.expiresAt.getTime() - clock.now().getTime() - 5 * MINUTE - 1)
  assert.equal(await appToken(entra, CONTOSO), first)
  assert.equal(tokenRequests(), 1)

  clock.pass(1)
  const second = await appToken(entra, CONTOSO)
  assert.notEqual(second, first)
  assert.equal(tokenRequests(), 2)
})

test('a token that cannot be renewed serves to its end; one that Entra ID refuses to renew does not', async () => {
  const first = await appToken(entra, CONTOSO, { fresh: true })
  const untilEnd = () => first.expiresAt.getTime() - clock.now().getTime()
  clock.pass(untilEnd() - 4 * MINUTE)
  for (const answer of [{ status: 503 }, { status: 429, headers: { 'retry-after': '5' } }]) {
    emulator.mischief.once({ at: 'token', answer })
    assert.equal(await appToken(entra, CONTOSO), first)
    clock.pass(10 * SECOND)
  }
  emulator.mischief.once({ at: 'token', reset: true })
  assert.equal(await appToken(entra, CONTOSO), first)
  clock.pass(10 * SECOND)

  emulator.mischief.once({ at: 'token', answer: { status: 503 } })
  await refusedWith('UNAVAILABLE', () => appToken(entra, CONTOSO, { fresh: true }))
  emulator.mischief.once({ at: 'token', aadsts: 7000222 })
  await refusedWith('CLIENT_SECRET_EXPIRED', () => appToken(entra, CONTOSO))
  clock.pass(untilEnd() - MINUTE / 2)
  emulator.mischief.once({ at: 'token', answer: { status: 503 } })
  await refusedWith('UNAVAILABLE', () => appToken(entra, CONTOSO))
  assert.notEqual(await appToken(entra, CONTOSO), first)
})

test('while a token serves that cannot be renewed, Entra ID is asked again when it says so, or after ten seconds', async () => {
  for (const [answer, seconds] of [
    [{ status: 429, headers: { 'retry-after': '60' } }, 60],
    [{ status: 503 }, 10],
    [{ status: 429, headers: { 'retry-after': '3600' } }, 209],
  ] as const) {
    const first = await appToken(entra, CONTOSO, { fresh: true })
    clock.pass(first.expiresAt.getTime() - clock.now().getTime() - 4 * MINUTE)
    emulator.requests.clear()
    emulator.mischief.once({ at: 'token', answer })
    for (let second = 0; second < seconds; second++) {
      assert.equal(await appToken(entra, CONTOSO), first)
      assert.equal(tokenRequests(), 1)
      clock.pass(SECOND)
    }
    clock.pass(SECOND)
    assert.notEqual(await appToken(entra, CONTOSO), first)
    assert.equal(tokenRequests(), 2)
  }
})

test('a failure is not remembered: the next one who asks is served', async () => {
  forgetTenant(entra, CONTOSO)
  emulator.mischief.once({ at: 'token', answer: { status: 503 } })
  await refusedWith('UNAVAILABLE', () => appToken(entra, CONTOSO))
  assert.equal((await appToken(entra, CONTOSO)).tenantId, CONTOSO)
})

test('R09 those who wait for a token that cannot be had all hear why, and one request left', async () => {
  forgetTenant(entra, CONTOSO)
  emulator.requests.clear()
  emulator.mischief.once({ at: 'token', answer: { status: 503 } })
  const heard = await Promise.allSettled(Array.from({ length: 30 }, () => appToken(entra, CONTOSO)))
  for (const one of heard) assert.equal(one.status === 'rejected' && one.reason.code, 'UNAVAILABLE')
  assert.equal(tokenRequests(), 1)
})

test('R09 a thousand who start with a token that is over send one request for each tenant', async () => {
  const tokens = await Promise.all(CUSTOMERS.map((tenantId) => appToken(entra, tenantId)))
  clock.pass(Math.max(...tokens.map(({ expiresAt }) => expiresAt.getTime())) - clock.now().getTime())
  emulator.requests.clear()
  const wanted = Array.from({ length: 50 }, () => CUSTOMERS).flat()
  const renewed = await Promise.all(wanted.map((tenantId) => appToken(entra, tenantId)))
  assert.equal(renewed.length, 1_000)
  assert.deepEqual(
    renewed.map(({ claims }) => claims.tid),
    wanted,
  )
  assert.ok(renewed.every((token) => !tokens.includes(token)))
  assert.equal(tokenRequests(), CUSTOMERS.length)
})

test('T14 among many tenants at once, a token that Entra ID mixes up is caught every time', async () => {
  const rounds = 60
  emulator.mischief.set([{ word: 'apptoken.swap', probability: 0.05 }], 4)
  emulator.requests.clear()
  const refused: unknown[] = []
  const ask = async (tenantId: TenantId, round: number) => {
    const token = await appToken(entra, tenantId, { fresh: round % 3 === 0 }).catch((error: unknown) => error)
    if (token instanceof Problem) refused.push(token.code)
    else assert.equal((token as AppToken).claims.tid, tenantId)
  }
  for (let round = 0; round < rounds; round++)
    await Promise.all(CUSTOMERS.flatMap((tenantId) => [ask(tenantId, round), ask(tenantId, round)]))

  assert.ok(tokenRequests() >= CUSTOMERS.length * (rounds / 3))
  assert.ok(refused.length > 0)
  assert.deepEqual(new Set(refused), new Set(['TOKEN_OF_OTHER_TENANT']))
})

test('T14 an access token of another tenant than the one that signed in is not used', async () => {
  const back = await comeBack(gates)
  emulator.mischief.say('accesstoken.tid=other')
  const today = { entra: gates.entraWith({ clock: systemClock }) }
  const { owner, retry } = await refusedWith('TOKEN_OF_OTHER_TENANT', () => redeem(today, back))
  assert.deepEqual([owner, retry], ['operator', 'never'])
})

test('T14 an access token for another app, or another service, than the one that was signed in to is not used', async () => {
  for (const accessToken of [{ appid: madeUp.clientId() }, { aud: 'https://vault.example' }, { tid: FABRIKAM }]) {
    const back = await comeBack(gates)
    await bendTokenEndpoint(emulator, { tenantId: CONTOSO, nonce: back.ticket.nonce, accessToken })
    const today = { entra: gates.entraWith({ clock: systemClock }) }
    await refusedWith('TOKEN_OF_OTHER_TENANT', () => redeem(today, back))
    emulator.mischief.clear()
  }
  const back = await comeBack(gates)
  await bendTokenEndpoint(emulator, { tenantId: CONTOSO, nonce: back.ticket.nonce })
  const { token } = await redeem({ entra: gates.entraWith({ clock: systemClock }) }, back)
  assert.equal(token.tenantId, CONTOSO)
})

test('however many tenants there are, the tokens kept are bounded, and those in use stay', () => {
  const half = 1_000
  const cache = openTokenCache(half)
  const now = Date.now()
  const tokenOf = (tenantId: TenantId) => ({ tenantId, expiresAt: new Date(now + 3_600_000) }) as AppToken
  const [busy, idle] = [madeUp.tenantId(), madeUp.tenantId()]
  cache.set(tokenOf(busy))
  cache.set(tokenOf(idle))
  const others = Array.from({ length: 3 * half }, () => madeUp.tenantId())
  for (const tenantId of others) {
    cache.set(tokenOf(tenantId))
    assert.ok(cache.get(busy, now))
  }
  assert.equal(cache.get(idle, now), null)
  const kept = others.filter((id) => cache.get(id, now) !== null)
  assert.ok(kept.length >= half - 1 && kept.length < 2 * half, `${kept.length} are kept`)
})

test('a token is kept after January 2038 as before, when seconds no longer fit into 31 bits', () => {
  const cache = openTokenCache()
  const tenantId = madeUp.tenantId()
  for (const day of ['2038-01-18', '2038-01-20', '2105-12-31']) {
    const now = Date.parse(day)
    const token = { tenantId, expiresAt: new Date(now + 60 * MINUTE) } as AppToken
    cache.set(token)
    assert.ok(cache.get(tenantId, now), day)
    assert.equal(cache.get(tenantId, now + 55 * MINUTE), null)
  }
})
