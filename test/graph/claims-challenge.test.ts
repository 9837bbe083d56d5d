import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { request } from '#graph/request.ts'
import { sdkClient } from '#graph/sdk-client.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CONTOSO } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const gates = await openGates({ after }, { clock: hurriedClock() })
const { emulator, outbound } = gates
await consent(gates, CONTOSO)
afterEach(() => emulator.mischief.clear())

/** What leaves for the token endpoint; the emulator itself keeps no forms. */
const forms: URLSearchParams[] = []
const { dispatcher } = outbound
outbound.dispatcher = {
  dispatch(options, handler) {
    if (String(options.path).includes('/oauth2/v2.0/token')) forms.push(new URLSearchParams(options.body as string))
    return dispatcher.dispatch(options, handler)
  },
} as typeof dispatcher

const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1790000000"},"acrs":{"essential":true,"value":"c1"}}}'
const challenge = (parameters: string) => ({
  status: 401,
  headers: { 'content-type': 'application/json', 'www-authenticate': `Bearer realm="", ${parameters}` },
  body: '{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation resulted in challenge"}}',
})
const WANTED = challenge(
  `authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${Buffer.from(CLAIMS).toString('base64')}"`,
)
const ask = () => request(gates.graphIn(CONTOSO), { path: '/users?$top=1' })
const asked = () => emulator.requests.list({ path: '/v1.0/users' }).length
const begin = async () => {
  await ask()
  emulator.requests.clear()
  forms.length = 0
}

test('T16 a claims challenge is answered once, with exactly the claims that it names', async () => {
  await begin()
  emulator.mischief.once({ at: 'graph', answer: WANTED })
  await ask()
  // MSAL adds some of its own for ID tokens, which this grant has none of.
  assert.deepEqual(
    forms.map((form) => JSON.parse(form.get('claims') ?? 'null').access_token),
    [JSON.parse(CLAIMS).access_token],
  )
  assert.equal(asked(), 2)
  await ask()
  assert.equal(forms.length, 1, 'the token that was got with them is kept')
})

test('T16 Graph that challenges again has the last word, and it is the customer’s', async () => {
  for (const call of [ask, () => sdkClient(gates.graphIn(CONTOSO)).api('/users').get()]) {
    await begin()
    emulator.mischief.add({ at: 'graph', answer: WANTED })
    if (call === ask) {
      const { owner, retry, nextStep } = await refusedWith('CONDITIONAL_ACCESS', call)
      assert.deepEqual([owner, retry], ['customer-administrator', 'slowly'])
      assert.match(nextStep, /Conditional Access policy/)
    } else await assert.rejects(call())
    assert.deepEqual([asked(), forms.length], [2, 1])
    emulator.mischief.clear()
  }
})

test('T16 a challenge that makes no sense is an ordinary refusal: a new token, and no claims', async () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  for (const parameters of [
    'error="insufficient_claims", claims="!!!"',
    `error="insufficient_claims", claims="${encoded('not json')}"`,
    `error="insufficient_claims", claims="${encoded('["a list"]')}"`,
    `error="insufficient_claims", claims="${encoded(JSON.stringify({ long: 'x'.repeat(9_000) }))}"`,
    `error="invalid_token", claims="${encoded(CLAIMS)}"`,
    'error="insufficient_claims"',
  ]) {
    await begin()
    emulator.mischief.once({ at: 'graph', answer: challenge(parameters) })
    await ask()
    assert.deepEqual(
      forms.map((form) => form.get('claims')),
      [null],
      parameters.slice(0, 80),
    )
  }
})
