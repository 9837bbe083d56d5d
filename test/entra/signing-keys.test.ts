import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { authorizationUrl, redeemCode } from '#entra/administrator-sign-in.ts'
import { newSignIn } from '#entra/new-sign-in.ts'
import type { Account } from '#model/administrator.ts'
import { handClock, MINUTE } from '#test/support/hand-clock.ts'
import { type Installation, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const redirectUri = 'http://localhost:3000/sign-up/callback'
const scopes = ['openid', 'profile']

/** Signs an administrator in through the emulator's pages; what is left to do is to redeem the code. */
async function comeBack({ emulator, tools }: Installation): Promise<() => Promise<Account>> {
  const { challenge, ...ticket } = newSignIn()
  const url = await authorizationUrl(tools.entra, {
    tenant: 'organizations',
    redirectUri,
    scopes,
    ...ticket,
    challenge,
  })
  const person = { username: 'grace@contoso.onmicrosoft.com', password: DEMO.password }
  const back = await signInAndAccept(openBrowser(emulator), url, person, { organization: true })
  const code = back.url.searchParams.get('code') ?? ''
  return async () => {
    const redemption = { tenant: 'organizations', code, redirectUri, scopes, ...ticket } as const
    return (await redeemCode(tools.entra, redemption)).account
  }
}

const keyRequests = ({ emulator }: Installation) =>
  emulator.requests.list({ path: '/common/discovery/v2.0/keys' }).length

test('S13 two who come back at the same moment wait for the same keys', async (t) => {
  const installation = await openInstallation(t)
  const finish = [await comeBack(installation), await comeBack(installation), await comeBack(installation)]
  installation.emulator.requests.clear()
  installation.emulator.mischief.once({ at: 'jwks', delayMs: 300 })

  const accounts = await Promise.all(finish.map((redeem) => redeem()))
  assert.deepEqual(new Set(accounts.map((account) => account.tenantId)), new Set([DEMO.contoso]))
  assert.equal(keyRequests(installation), 1)
})

test('S13 while Microsoft does not give its keys nobody is taken for a forger, and it is asked once in a while', async (t) => {
  const clock = handClock(new Date())
  const installation = await openInstallation(t, { clock })
  const finish = [await comeBack(installation), await comeBack(installation), await comeBack(installation)]
  installation.emulator.requests.clear()
  installation.emulator.mischief.once({ at: 'jwks', answer: { status: 503 } })

  await refusedWith('UNAVAILABLE', finish[0] ?? assert.fail)
  await refusedWith('UNAVAILABLE', finish[1] ?? assert.fail)
  assert.equal(keyRequests(installation), 1)

  clock.pass(MINUTE)
  assert.equal((await finish[2]?.())?.tenantId, DEMO.contoso)
  assert.equal(keyRequests(installation), 2)
})

test('S13 a rotated key is fetched at once, an unknown one is asked for once', async (t) => {
  const clock = handClock(new Date())
  const installation = await openInstallation(t, { clock })
  await (await comeBack(installation))()
  clock.pass(MINUTE)
  await installation.emulator.directory.rotateKeys({})
  installation.emulator.requests.clear()

  await (await comeBack(installation))()
  assert.equal(keyRequests(installation), 1)

  installation.emulator.mischief.say('idtoken.sig=unknown-kid')
  for (let forgery = 0; forgery < 3; forgery += 1) await refusedWith('ID_TOKEN_INVALID', await comeBack(installation))
  assert.equal(keyRequests(installation), 1)
  clock.pass(MINUTE)
  await refusedWith('ID_TOKEN_INVALID', await comeBack(installation))
  assert.equal(keyRequests(installation), 2)
})
