import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import { beginSignUp } from '#flows/sign-up/begin-sign-up.ts'
import { type Callback, completeSignUp } from '#flows/sign-up/complete-sign-up.ts'
import { findSignUpFor } from '#flows/sign-up/find-sign-up.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import type { TenantId } from '#model/ids.ts'
import { openGranting } from '#test/flows/support/granting.ts'
import { PERMISSIONS } from '#test/support/gates.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CUSTOMERS, graceOf, openInstallation } from '#test/support/installation.ts'

const clock = hurriedClock()
const installation = await openInstallation({ after }, { clock })
const { emulator, tools } = installation
const { arrive, grant, asked, grantByHand } = openGranting(installation)
const [partly, raced, many, storms, oneself, stopped] = CUSTOMERS
afterEach(() => emulator.mischief.clear())

const JSON_TYPE = { 'content-type': 'application/json' }
const CONNECTED = ['connected', undefined]
const stateOf = async (tenantId: TenantId) => (await showTenant(tools, tenantId)).tenant.state

test('what somebody has granted before is left as it is', async () => {
  const grace = await arrive(partly)
  await grantByHand(partly, 'Group.Read.All')
  assert.deepEqual(await grant(grace), CONNECTED)
  assert.deepEqual(asked(partly), [201, 201])
  const { grants } = await showTenant(tools, partly)
  assert.deepEqual(new Set(grants.map(({ permission }) => permission)), new Set(PERMISSIONS))
})

test('G07 a role that somebody grants at the same moment counts as granted, in both of Graph’s wordings', async () => {
  const grace = await arrive(raced)
  for (const permission of PERMISSIONS) await grantByHand(raced, permission)
  // The plan is made from a replica that has not heard of any of it.
  const path = 'appRoleAssignments'
  emulator.mischief.once({
    at: 'graph',
    match: { path },
    answer: { status: 200, headers: JSON_TYPE, body: '{"value":[]}' },
  })
  const message = 'EntitlementGrant entry already exists.'
  emulator.mischief.once({
    at: 'graph',
    match: { method: 'POST', path: 'appRoleAssignedTo' },
    answer: {
      status: 400,
      headers: JSON_TYPE,
      body: JSON.stringify({ error: { code: 'Request_BadRequest', message } }),
    },
  })
  assert.deepEqual(await grant(grace), CONNECTED)
  assert.deepEqual(asked(raced), [400, 400, 400])
  const { audit } = await showTenant(tools, raced)
  const outcomes = audit.filter(({ action }) => action === 'grants.applied').map(({ detail }) => detail.outcome)
  assert.deepEqual(outcomes, ['already-assigned', 'already-assigned', 'already-assigned'])
})

test('a role is found on a later page of assignments, too, after one with nothing on it', async () => {
  const grace = await arrive(many)
  for (const permission of PERMISSIONS) await grantByHand(many, permission)
  emulator.mischief.add({ word: 'graph.page=empty', match: { path: 'appRoleAssignments' }, times: 1 })
  emulator.requests.clear()
  assert.deepEqual(await grant(grace), CONNECTED)
  assert.equal(emulator.requests.list({ path: 'appRoleAssignments', tenantId: many }).length, 2)
  assert.deepEqual(asked(many), [], 'nothing was asked for twice')
})

test('G06 whatever happens to an assignment, there is one of each in the end', async () => {
  const grace = await arrive(storms)
  const match = { method: 'POST', path: 'appRoleAssignedTo', tenant: storms }
  emulator.mischief.set([
    { at: 'graph', match, nth: 1, times: 1, answer: { status: 429, headers: { 'retry-after': '7' } } },
    { at: 'graph', match, nth: 2, times: 1, commitThenDrop: true },
    { at: 'graph', match, nth: 4, times: 3, answer: { status: 503 } },
    { at: 'graph', match, nth: 7, times: 1, truncate: 10 },
    { at: 'graph', match, nth: 9, times: 1, reset: true },
  ])
  assert.deepEqual(await grant(grace), CONNECTED)
  const statuses = asked(storms)
  assert.ok(statuses.includes(429) && statuses.includes(503), statuses.join())
  emulator.mischief.clear()
  assert.equal(await stateOf(storms), 'active')
})

test('T05 an administrator who consents for himself alone is enough: nothing of ours needs consent on behalf of people', async () => {
  const { redirectTo, ticket } = await beginSignUp(tools, { invitedTenantId: null })
  const person = { username: graceOf(oneself), password: DEMO.password }
  const page = await signInAndAccept(openBrowser(emulator), redirectTo, person, { organization: false })
  const callback = Object.fromEntries(page.url.searchParams) as Callback
  assert.deepEqual(await grant(await completeSignUp(tools, { ticket, callback })), CONNECTED)
})

test('R01 a process that stops in the middle leaves a sign-up that can be finished', async () => {
  const grace = await arrive(stopped)
  const stop = new AbortController()
  emulator.mischief.add({
    at: 'graph',
    match: { method: 'POST', path: 'appRoleAssignedTo', tenant: stopped },
    nth: 2,
    answer: { status: 503 },
  })
  const sleep = clock.sleep
  clock.sleep = async (milliseconds, signal) => {
    stop.abort(new Error('the process ends'))
    return sleep(milliseconds, signal)
  }
  assert.deepEqual(await grant(grace, stop.signal), ['granting', undefined])
  clock.sleep = sleep
  emulator.mischief.clear()
  assert.equal((await findSignUpFor(tools, grace))?.state, 'granting')

  assert.deepEqual(await grant(grace), CONNECTED)
  assert.deepEqual(asked(stopped).filter((status) => status === 201).length, PERMISSIONS.length)
})
