import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { sql as raw } from 'kysely'
import type { Word } from '#emulator/index.ts'
import { WORDS } from '#emulator/mischief/words.ts'
import { beginSignUp } from '#flows/sign-up/begin-sign-up.ts'
import { type Callback, completeSignUp } from '#flows/sign-up/complete-sign-up.ts'
import { listTenantsFor } from '#flows/tenants/show-tenants.ts'
import type { SignUpTicket } from '#model/administrator.ts'
import type { ProblemCode } from '#model/problem.ts'
import type { SignUp } from '#model/sign-up.ts'
import { listAudit } from '#store/audit.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { findSignUp } from '#store/sign-ups.ts'
import { type Returned, returnFromMicrosoft } from '#test/support/administrator.ts'
import { bendTokenEndpoint } from '#test/support/bend-token-endpoint.ts'
import { MINUTE } from '#test/support/hand-clock.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CONTOSO, CUSTOMERS, FABRIKAM, graceOf, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const clock = hurriedClock()
const installation = await openInstallation({ after }, { clock })
const { emulator, tools } = installation
afterEach(() => {
  emulator.mischief.clear()
  emulator.requests.clear()
})

/** Our time goes on, and Microsoft's does not. */
const pass = (milliseconds: number) => clock.sleep(milliseconds)
const GRACE = 'grace@contoso.onmicrosoft.com'
const comeBack = (options?: Parameters<typeof returnFromMicrosoft>[2], username = GRACE) =>
  returnFromMicrosoft(installation, username, options)
const complete = (returned: { ticket: SignUpTicket | null; callback: Callback }) => completeSignUp(tools, returned)
const tokenRequests = () => emulator.requests.list({ path: '/oauth2/v2.0/token' }).length
const signUpOf = ({ ticket }: Returned): Promise<SignUp | null> =>
  asFleet(tools.store, (sql) => findSignUp(sql, ticket.signUpId))
const latestAudit = async () => (await asFleet(tools.store, (sql) => listAudit(sql, { limit: 1 })))[0]

/** Refused, written down, and no tenant came of it. */
async function rejected(code: ProblemCode, returned: { ticket: SignUpTicket | null; callback: Callback }) {
  const diagnosis = await refusedWith(code, () => complete(returned))
  const line = await latestAudit()
  assert.deepEqual([line?.action, line?.tenantId, line?.detail], ['sign-up.rejected', null, { code }])
  assert.deepEqual(await listTenantsFor(tools, {}), [])
  return diagnosis
}

test('S01 a callback without a state, or with a made-up one, reaches nobody', async () => {
  const { ticket, callback } = await comeBack()
  const { state: _state, ...stateless } = callback
  await rejected('SIGN_UP_UNKNOWN', { ticket, callback: stateless })
  await rejected('SIGN_UP_UNKNOWN', { ticket, callback: { ...callback, state: '' } })
  await rejected('SIGN_UP_OTHER_BROWSER', { ticket, callback: { ...callback, state: 'made-up' } })
  await rejected('SIGN_UP_OTHER_BROWSER', { ticket: null, callback: { ...callback, state: 'made-up' } })
  await rejected('SIGN_UP_UNKNOWN', {
    ticket: { ...ticket, state: 'made-up' },
    callback: { ...callback, state: 'made-up' },
  })
  assert.equal(tokenRequests(), 0)
  assert.equal((await complete({ ticket, callback })).account.tenantId, CONTOSO, 'none of it used the sign-up up')
})

test('S02 S19 what one browser began, another cannot finish', async () => {
  const [victim, attacker] = [await comeBack(), await comeBack({}, 'grace@fabrikam.onmicrosoft.com')]
  await rejected('SIGN_UP_OTHER_BROWSER', { ticket: victim.ticket, callback: attacker.callback })
  await rejected('SIGN_UP_OTHER_BROWSER', { ticket: null, callback: attacker.callback })
  assert.equal(tokenRequests(), 0)
  assert.deepEqual(
    [(await signUpOf(victim))?.state, (await signUpOf(attacker))?.state],
    ['begun', 'begun'],
    'and neither sign-up is spoilt by it',
  )
})

test('S03 a callback counts once, one after the other and twenty at a time', async () => {
  const once = await comeBack()
  await complete(once)
  await rejected('SIGN_UP_USED', once)
  assert.equal((await signUpOf(once))?.state, 'signed-in')

  const often = await comeBack()
  emulator.requests.clear()
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => complete(often)))
  assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of all) if (one.status === 'rejected') assert.equal(one.reason.code, 'SIGN_UP_USED')
  assert.equal(tokenRequests(), 1)
})

test('S06 a code from somebody else’s sign-in does not fit one’s own', async () => {
  const [own, stolen] = [await comeBack(), await comeBack()]
  await rejected('CODE_EXPIRED', {
    ticket: own.ticket,
    callback: { ...own.callback, code: stolen.callback.code ?? '' },
  })
  assert.equal((await signUpOf(own))?.state, 'failed')
})

const idTokenWords = WORDS.filter((word): word is Extract<Word, `idtoken.${string}`> => word.startsWith('idtoken.'))
for (const word of idTokenWords)
  test(`S04 S08 S09 S10 S12 ${word}: the sign-up ends, and nothing is kept of whoever it was`, async () => {
    emulator.mischief.say(word)
    const returned = await comeBack()
    const { message } = await rejected(
      word === 'idtoken.tid=personal' ? 'PERSONAL_ACCOUNT' : 'ID_TOKEN_INVALID',
      returned,
    )
    const signUp = await signUpOf(returned)
    assert.deepEqual([signUp?.state, signUp?.tenantId, signUp?.administratorId], ['failed', null, null])
    assert.equal(signUp?.diagnosis?.message, message)
  })

test('S14 an answer that names another issuer is refused', async () => {
  emulator.mischief.say('authorize.iss=other')
  await rejected('ID_TOKEN_INVALID', await comeBack())
})

test('T01 an invitation is for the administrators of its tenant, even when Microsoft says otherwise', async () => {
  const bent = await beginSignUp(tools, { invitedTenantId: CONTOSO })
  assert.equal(new URL(bent.redirectTo).pathname.split('/')[1], CONTOSO)
  const state = bent.ticket.state

  await pass(MINUTE)
  await bendTokenEndpoint(emulator, { tenantId: FABRIKAM, nonce: bent.ticket.nonce })
  const { message } = await rejected('SIGN_UP_WRONG_TENANT', { ticket: bent.ticket, callback: { state, code: 'any' } })
  assert.ok(message.includes(CONTOSO) && message.includes(FABRIKAM), 'both are named')
  const signUp = await asFleet(tools.store, (sql) => findSignUp(sql, bent.ticket.signUpId))
  assert.deepEqual([signUp?.state, signUp?.tenantId], ['failed', null])
  // So that the keys are asked for again.
  await pass(MINUTE)
})

test('T02 that a tenant stands in the address proves nothing', async () => {
  const { ticket } = await beginSignUp(tools, { invitedTenantId: null })
  const forged = { state: ticket.state, admin_consent: 'True', tenant: FABRIKAM, scope: 'x' }
  await rejected('SIGN_UP_UNKNOWN', { ticket, callback: forged })
  assert.equal(tokenRequests(), 0)
})

test('T03 an error is a refusal, whatever admin_consent=True beside it says', async () => {
  const { ticket, callback } = await comeBack()
  const forged = { ...callback, admin_consent: 'True', tenant: CONTOSO, error: 'access_denied' }
  await rejected('CONSENT_DECLINED', { ticket, callback: forged })
  assert.equal(tokenRequests(), 0)
})

test('T03 whoever declines is told that nothing was changed', async () => {
  const returned = await comeBack({ accept: false }, graceOf(CUSTOMERS[0] ?? assert.fail()))
  const { message, owner } = await rejected('CONSENT_DECLINED', returned)
  assert.match(message, /Nothing was changed/)
  assert.equal(owner, 'customer-administrator')
  assert.equal((await signUpOf(returned))?.state, 'failed')
})

test('T04 whoever is no administrator is told to hand the page on', async () => {
  for (const number of [90094, 90095, 900941]) {
    const { ticket } = await beginSignUp(tools, { invitedTenantId: null })
    const error_description = `AADSTS${number}: An administrator of Contoso must consent <script>`
    const callback = { state: ticket.state, error: 'consent_required', error_description }
    const { owner, message, nextStep } = await rejected('ADMIN_APPROVAL_NEEDED', { ticket, callback })
    assert.equal(owner, 'customer-administrator')
    assert.doesNotMatch(`${message}${nextStep}`, /script|Contoso/, 'nothing of the address is repeated')
  }
})

test('T03 what a redirect says of our own app stops nobody’s work and opens no incident', async () => {
  emulator.mischief.add({ at: 'token', aadsts: 7_000_222 })
  for (const [error, error_description] of [
    ['invalid_client', 'AADSTS7000222: The provided client secret keys are expired.'],
    ['invalid_client', 'AADSTS7000215: Invalid client secret provided.'],
    ['unauthorized_client', 'AADSTS700016: Application was not found.'],
    ['invalid_client', ''],
  ] as const) {
    const { ticket } = await beginSignUp(tools, { invitedTenantId: null })
    const callback = { state: ticket.state, error, error_description }
    await assert.rejects(complete({ ticket, callback }))
    assert.equal(tokenRequests(), 0, 'nor is anybody asked about it')
    assert.equal(await tools.hold.isOn(), false, error_description)
    assert.deepEqual(await asFleet(tools.store, (sql) => listIncidents(sql, { limit: 10 })), [])
  }
})

test('R08 what one visitor’s code ends in holds nobody’s work while the app’s credential works at home', async () => {
  const returned = await comeBack()
  emulator.mischief.once({ at: 'token', aadsts: 7_000_222 })
  await rejected('CLIENT_SECRET_EXPIRED', returned)
  assert.equal(tokenRequests(), 2, 'home was asked')
  assert.equal(await tools.hold.isOn(), false)
  assert.deepEqual(await asFleet(tools.store, (sql) => listIncidents(sql, { limit: 10 })), [])
})

test('S16 an error of an unknown kind is not repeated to anybody', async () => {
  const { ticket } = await beginSignUp(tools, { invitedTenantId: null })
  const callback = { state: ticket.state, error: '<script>alert(1)</script>', error_description: '<img src=x>' }
  const diagnosis = await rejected('UNKNOWN', { ticket, callback })
  assert.doesNotMatch(JSON.stringify(diagnosis), /script|img/)
})

test('L01 T12 nothing that could be used again is written down on the way', async () => {
  const returned = await comeBack()
  const { token } = await complete(returned)
  const secrets = [returned.callback.code ?? '', token.value, ...Object.values(returned.ticket).slice(0, 3)]
  for (const table of ['sign_ups', 'audit', 'tenants']) {
    const { rows } = await asFleet(tools.store, ({ db }) =>
      raw<{ line: string }>`select to_jsonb(t)::text as line from ${raw.table(`tenantry.${table}`)} t`.execute(db),
    )
    const text = rows.map(({ line }) => line).join('\n')
    if (table === 'sign_ups') assert.ok(text.includes(returned.ticket.signUpId))
    for (const secret of secrets) assert.ok(secret?.length && !text.includes(String(secret)), table)
  }
})

test('S07 whoever takes too long begins again, and his code is not even shown', async () => {
  const returned = await comeBack()
  await pass(installation.config.signUpValidMinutes * MINUTE)
  emulator.requests.clear()
  const { nextStep } = await rejected('SIGN_UP_EXPIRED', returned)
  assert.match(nextStep, /Start the sign-up again/)
  assert.equal(tokenRequests(), 0)
})
