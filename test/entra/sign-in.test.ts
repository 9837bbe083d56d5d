import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { after, afterEach, test } from 'node:test'
import { DEMO, demoEstate, type EstateInput } from '#emulator/index.ts'
import { appToken } from '#entra/app-token.ts'
import { checkDiscovery } from '#entra/discovery.ts'
import { newSignIn } from '#entra/new-sign-in.ts'
import { comeBack, GRACE, redeem } from '#test/entra/support/come-back.ts'
import { consent, openGates } from '#test/support/gates.ts'
import { CONTOSO, FABRIKAM } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

/** Calls himself as somebody else’s administrator does, in a tenant of his own. */
const MALLORY = 'mallory@fabrikam.onmicrosoft.com'
const estate: EstateInput = {
  ...demoEstate,
  tenants: demoEstate.tenants.map((tenant) =>
    tenant.id === FABRIKAM
      ? {
          ...tenant,
          users: [
            ...(tenant.users ?? []),
            { userPrincipalName: MALLORY, displayName: 'Grace Admin', mail: GRACE, password: DEMO.password },
            {
              userPrincipalName: 'grace_contoso#EXT#@fabrikam.onmicrosoft.com',
              displayName: 'Grace Admin',
              guestOf: GRACE,
            },
          ],
        }
      : tenant,
  ),
  servicePrincipals: [{ tenant: FABRIKAM, appId: DEMO.appId, delegated: ['openid', 'profile', 'User.Read'] }],
}
const gates = await openGates({ after }, { estate })
const { emulator, entra, entraWith } = gates
await consent(gates, CONTOSO)
afterEach(() => {
  emulator.mischief.clear()
  emulator.clock.reset()
})
const tokenRequests = () => emulator.requests.list({ path: '/oauth2/v2.0/token' })

test('S05 a code is worth nothing without the verifier of its sign-in', async () => {
  const wrong = await comeBack(gates)
  const { sourceCode } = await refusedWith('CODE_EXPIRED', () =>
    redeem(gates, wrong, { verifier: newSignIn().verifier }),
  )
  assert.equal(sourceCode, 'AADSTS501481')
  emulator.mischief.say('authorize.stripChallenge')
  const stripped = await comeBack(gates)
  await refusedWith('CODE_EXPIRED', () => redeem(gates, stripped))
  const written = JSON.stringify(emulator.requests.list())
  for (const { ticket } of [wrong, stripped]) assert.ok(!written.includes(ticket.verifier))
})

test('no refresh token is asked for, not even where a code is redeemed', async () => {
  const sent: string[] = []
  const note = (message: unknown) => {
    const { request } = message as { request: { path: string; body: unknown } }
    if (request.path.includes('/oauth2/v2.0/token')) sent.push(String(request.body))
  }
  subscribe('undici:request:create', note)
  try {
    await redeem(gates, await comeBack(gates))
  } finally {
    unsubscribe('undici:request:create', note)
  }
  const scopes = sent.map((body) => new URLSearchParams(body).get('scope')?.split(' ') ?? [])
  assert.equal(scopes.length, 1)
  assert.ok(scopes[0]?.includes('User.Read'))
  assert.ok(!scopes[0]?.includes('offline_access'))
})

test('S06 somebody else’s code in one’s own sign-in opens nothing', async () => {
  const [own, foreign] = [await comeBack(gates), await comeBack(gates, { username: 'grace@fabrikam.onmicrosoft.com' })]
  await refusedWith('CODE_EXPIRED', () => redeem(gates, { ...own, code: foreign.code }))
  const verified = await comeBack(gates)
  await refusedWith('ID_TOKEN_INVALID', () => redeem(gates, verified, { nonce: own.ticket.nonce }))
})

test('S07 a code works once, and not for long', async () => {
  const back = await comeBack(gates)
  assert.equal((await redeem(gates, back)).account.tenantId, CONTOSO)
  const again = await refusedWith('CODE_EXPIRED', () => redeem(gates, back))
  assert.equal(again.sourceCode, 'AADSTS54005')

  const slow = await comeBack(gates)
  emulator.clock.advance({ minutes: 11 })
  const late = await refusedWith('CODE_EXPIRED', () => redeem(gates, slow))
  assert.equal(late.sourceCode, 'AADSTS70008')
  for (const { owner, nextStep } of [again, late])
    assert.deepEqual([owner, nextStep], ['customer-administrator', 'Start again.'])
})

test('S07 of twenty who bring the same code at once, one is let in', async () => {
  const back = await comeBack(gates)
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => redeem(gates, back)))
  assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('S14 an answer that names another issuer is not taken for the one who signed in', async () => {
  emulator.mischief.say('authorize.iss=other')
  const back = await comeBack(gates)
  const issuer = back.query.get('iss') ?? ''
  assert.match(issuer, /^https:/)
  await refusedWith('ID_TOKEN_INVALID', () => redeem(gates, back, { issuer }))
  emulator.mischief.clear()

  const other = await comeBack(gates)
  await refusedWith('ID_TOKEN_INVALID', () => redeem(gates, other, { issuer: `${emulator.origin}/${FABRIKAM}/v2.0` }))
  const honest = await comeBack(gates)
  const right = await redeem(gates, honest, { issuer: `${emulator.origin}/${CONTOSO}/v2.0` })
  assert.equal(right.account.tenantId, CONTOSO)
})

test('S14 a poisoned discovery is neither asked nor followed, and doctor sees it', async () => {
  for (const word of ['discovery.tokenEndpoint=foreign', 'discovery.issuer=wrong'] as const) {
    emulator.mischief.say(word)
    emulator.requests.clear()
    assert.equal((await appToken(entraWith({}), CONTOSO)).tenantId, CONTOSO)
    assert.equal((await redeem(gates, await comeBack(gates))).account.tenantId, CONTOSO)
    assert.deepEqual(emulator.requests.list({ path: 'openid-configuration|discovery/instance' }), [])
    emulator.mischief.clear()
  }
  await checkDiscovery(entra, CONTOSO)
  emulator.mischief.say('discovery.tokenEndpoint=foreign')
  const { message } = await refusedWith('ORIGIN_REFUSED', () => checkDiscovery(entra, CONTOSO))
  assert.match(message, /token_endpoint/)
})

test('S14 an authority that announces another issuer is doubted too', async () => {
  emulator.mischief.say('discovery.issuer=wrong')
  await refusedWith('ORIGIN_REFUSED', () => checkDiscovery(entra, CONTOSO))
})

test('T16 a tenant that lets nobody in says so, and is asked once', async () => {
  const back = await comeBack(gates)
  emulator.requests.clear()
  const body = JSON.stringify({
    error: 'access_denied',
    error_description: 'AADSTS53003: blocked',
    error_codes: [53003],
  })
  emulator.mischief.add({ at: 'token', answer: { status: 400, headers: { 'content-type': 'application/json' }, body } })
  const { owner } = await refusedWith('CONDITIONAL_ACCESS', () => redeem(gates, back))
  assert.equal(owner, 'customer-administrator')
  assert.equal(tokenRequests().length, 1)
})

test('T06 an address that an attacker gave himself makes him nobody else', async () => {
  const grace = (await redeem(gates, await comeBack(gates))).account
  const mallory = (await redeem(gates, await comeBack(gates, { username: MALLORY }))).account
  assert.deepEqual([grace.tenantId, mallory.tenantId], [CONTOSO, FABRIKAM])
  assert.equal(mallory.name, grace.name)
  assert.notEqual(mallory.objectId, grace.objectId)
  assert.ok(!JSON.stringify(mallory).includes(GRACE), 'the address itself is not even kept')
})

test('T07 a guest acts in the tenant that invited him, as another person than at home', async () => {
  const home = (await redeem(gates, await comeBack(gates))).account
  const guest = (await redeem(gates, await comeBack(gates, { tenant: FABRIKAM }), { tenant: FABRIKAM })).account
  assert.deepEqual([home.tenantId, guest.tenantId], [CONTOSO, FABRIKAM])
  assert.notEqual(guest.objectId, home.objectId)
  assert.ok(home.directoryRoles.length > guest.directoryRoles.length, 'what he may at home he may not here')
})
