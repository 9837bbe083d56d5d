import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { DEMO } from '#emulator/index.ts'
import { ask } from '#emulator/test/support/token.ts'
import { comeBack, redeem } from '#test/entra/support/come-back.ts'
import { type Gates, openGates } from '#test/support/gates.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { refusedWith } from '#test/support/problem.ts'
import { until } from '#test/support/until.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const keyRequests = ({ emulator }: Gates) => emulator.requests.list({ path: '/common/discovery/v2.0/keys' }).length

/** So many people who have come back and whose codes are still to be redeemed. */
async function waiting(t: TestContext, people: number, options: { clock?: Clock } = {}) {
  const gates = await openGates(t, options)
  const back = await Promise.all(Array.from({ length: people }, () => comeBack(gates)))
  gates.emulator.requests.clear()
  const finish = async (index: number) => (await redeem(gates, back[index] ?? assert.fail())).account.tenantId
  return { gates, finish }
}

test('S13 those who come back at the same moment wait for the same keys', async (t) => {
  const { gates, finish } = await waiting(t, 20)
  gates.emulator.mischief.once({ at: 'jwks', delayMs: 300 })

  const tenants = await Promise.all(Array.from({ length: 20 }, (_, index) => finish(index)))
  assert.deepEqual(new Set(tenants), new Set([DEMO.contoso]))
  assert.equal(keyRequests(gates), 1)
})

test('S13 while Microsoft does not give its keys nobody is taken for a forger, and it is asked once in a while', async (t) => {
  const clock = handClock(new Date())
  const { gates, finish } = await waiting(t, 3, { clock })
  gates.emulator.mischief.once({ at: 'jwks', answer: { status: 503 } })

  await refusedWith('UNAVAILABLE', () => finish(0))
  await refusedWith('UNAVAILABLE', () => finish(1))
  assert.equal(keyRequests(gates), 1)

  clock.pass(MINUTE)
  assert.equal(await finish(2), DEMO.contoso)
  assert.equal(keyRequests(gates), 2)
})

test('S13 R10 a clock that is put back makes nobody wait for the keys', async (t) => {
  const clock = handClock(new Date())
  const { gates, finish } = await waiting(t, 2, { clock })
  gates.emulator.mischief.once({ at: 'jwks', answer: { status: 503 } })
  await refusedWith('UNAVAILABLE', () => finish(0))
  clock.pass(-4 * MINUTE)
  assert.equal(await finish(1), DEMO.contoso)
})

test('S13 keys that are no keys, too many of them, or cut off are an outage, not a forgery', async (t) => {
  const clock = handClock(new Date())
  const bad = [
    { answer: { status: 500 }, code: 'UNAVAILABLE' },
    { answer: { status: 200, body: '<html>' }, code: 'UNAVAILABLE' },
    { answer: { status: 200, body: '{"keys":null}' }, code: 'UNAVAILABLE' },
    { answer: { status: 302, headers: { location: 'https://login.evil.example/keys' } }, code: 'UNAVAILABLE' },
    { answer: { status: 200, body: `{"keys":[]${' '.repeat(10 * 1024 * 1024)}}` }, code: 'ANSWER_UNREADABLE' },
    { truncate: 20, code: 'NETWORK' },
    { reset: true, code: 'NETWORK' },
  ] as const
  const { gates, finish } = await waiting(t, bad.length + 1, { clock })
  for (const [index, { code, ...deed }] of bad.entries()) {
    gates.emulator.mischief.once({ at: 'jwks', ...deed })
    const { owner } = await refusedWith(code, () => finish(index))
    assert.notEqual(owner, 'customer-administrator')
    clock.pass(MINUTE)
  }
  assert.equal(await finish(bad.length), DEMO.contoso)
})

test('S13 a key server that says nothing is waited for ten seconds, by all who wait together, and is then an outage', async (t) => {
  const { gates, finish } = await waiting(t, 4)
  const { outbound, emulator } = gates
  const times: number[] = []
  const time = Promise.withResolvers<void>()
  const usual = outbound.deadline
  // Of all deadlines the key server's is the only one of ten seconds; this test lets it pass.
  outbound.deadline = (milliseconds, pass) => {
    if (milliseconds !== 10_000) return usual(milliseconds, pass)
    times.push(milliseconds)
    void time.promise.then(pass)
    return () => {}
  }
  emulator.mischief.once({ at: 'jwks', delayMs: 600_000 })
  const all = Promise.allSettled([finish(0), finish(1), finish(2)])
  await until('the keys are asked for', () => times.length > 0)
  time.resolve()
  for (const one of await all) assert.equal(one.status === 'rejected' && one.reason.code, 'NETWORK')
  const { owner, message } = await refusedWith('NETWORK', () => finish(3))
  assert.equal(owner, 'nobody')
  assert.match(message, /no answer in time/)
  assert.deepEqual(times, [10_000], 'one request, and nobody asks again at once')
})

test('S13 a rotated key is fetched at once, an unknown one is asked for once', async (t) => {
  const clock = handClock(new Date())
  const gates = await openGates(t, { clock })
  const { emulator } = gates
  await redeem(gates, await comeBack(gates))
  clock.pass(MINUTE)
  await emulator.directory.rotateKeys({})
  emulator.requests.clear()

  await redeem(gates, await comeBack(gates))
  assert.equal(keyRequests(gates), 1)

  emulator.mischief.say('idtoken.sig=unknown-kid')
  const forged = async () => redeem(gates, await comeBack(gates))
  for (let forgery = 0; forgery < 3; forgery += 1) await refusedWith('ID_TOKEN_INVALID', forged)
  assert.equal(keyRequests(gates), 1)
  clock.pass(MINUTE)
  await refusedWith('ID_TOKEN_INVALID', forged)
  assert.equal(keyRequests(gates), 2)
})

test('S13 keys that cannot sign, under the right name too, hide no key that can', async (t) => {
  const { gates, finish } = await waiting(t, 1)
  const { body } = await ask(gates.emulator, '/common/discovery/v2.0/keys')
  const keys: Record<string, unknown>[] = body.keys
  const decoys = keys.flatMap(({ kid }) => [
    { kid, kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
    { kid, kty: 'oct', k: 'AA' },
    { kty: 'RSA', n: 'AA', e: 'AQAB' },
  ])
  const text = JSON.stringify({ keys: [...decoys, ...keys] })
  gates.emulator.mischief.add({ at: 'jwks', answer: { status: 200, headers: JSON_TYPE, body: text } })
  assert.equal(await finish(0), DEMO.contoso)
})

test('S09 a key may only sign for the issuers that are written beside it', async (t) => {
  const cases = [
    { issuer: (origin: string) => `${origin}/${DEMO.contoso}/v2.0`, refused: false },
    { issuer: (origin: string) => `${origin}/{tenantid}/v2.0`, refused: false },
    { issuer: (origin: string) => `${origin}/${DEMO.fabrikam}/v2.0`, refused: true },
    { issuer: () => 'https://login.evil.example/{tenantid}/v2.0', refused: true },
    { issuer: () => '', refused: true },
  ]
  for (const { issuer, refused } of cases) {
    const { gates, finish } = await waiting(t, 1)
    const { body } = await ask(gates.emulator, '/common/discovery/v2.0/keys')
    const keys = (body.keys as object[]).map((key) => ({ ...key, issuer: issuer(gates.emulator.origin) }))
    const text = JSON.stringify({ keys })
    gates.emulator.mischief.add({ at: 'jwks', answer: { status: 200, headers: JSON_TYPE, body: text } })
    if (!refused) assert.equal(await finish(0), DEMO.contoso)
    else assert.match((await refusedWith('ID_TOKEN_INVALID', () => finish(0))).message, /may not sign for this issuer/)
  }
})
