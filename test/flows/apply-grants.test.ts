import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { applyGrants } from '#flows/grants/apply-grants.ts'
import { checkSignUp } from '#flows/sign-up/check-sign-up.ts'
import { findSignUpFor } from '#flows/sign-up/find-sign-up.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { pauseTenant } from '#flows/tenants/pause-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import type { AdministratorStep } from '#model/administrator.ts'
import { provenAdministrator } from '#test/support/administrator.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { adamOf, CONTOSO, CUSTOMERS, connect, graceOf, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const installation = await openInstallation({ after }, { clock: hurriedClock() })
const { emulator, tools } = installation
const signal = new AbortController().signal
const [whole, lost, handedOver, paused, patient, ended] = CUSTOMERS

const grant = (step: AdministratorStep) => applyGrants(tools, step, signal)
const stateOf = async (step: AdministratorStep) => {
  const found = await findSignUpFor(tools, step)
  return [found?.state, found?.diagnosis?.code]
}
const assignments = () =>
  emulator.requests.list({ path: 'appRoleAssignedTo' }).filter((request) => request.method === 'POST')
afterEach(() => {
  emulator.mischief.clear()
  emulator.requests.clear()
})

test('a tenant is connected, and pressing again changes nothing', async () => {
  const grace = await provenAdministrator(installation, graceOf(whole))

  await grant(grace)
  assert.deepEqual(await stateOf(grace), ['connected', undefined])
  assert.equal(assignments().length, 3)
  await grant(grace)
  assert.deepEqual(await stateOf(grace), ['connected', undefined])
  assert.equal(assignments().length, 3)
  const { tenant, audit } = await showTenant(tools, whole)
  assert.equal(tenant.state, 'active')
  assert.deepEqual(
    audit.map(({ action }) => action).filter((action) => action.startsWith('grants.')),
    ['grants.applied', 'grants.applied', 'grants.applied', 'grants.requested'],
    'what will be granted is written down before the first of it is',
  )
})

test('where a tenant’s Microsoft Graph does not offer a permission, nothing is granted, and we are told to mend it', async () => {
  const grace = await provenAdministrator(installation, graceOf(handedOver))
  const { config } = tools
  const more = { value: 'Dreams.Read.All', reason: 'Is needed.', unlisted: true } as const
  const app = { ...config.app, permissions: [...config.app.permissions, more] }
  await applyGrants({ ...tools, config: { ...config, app } }, grace, signal)
  const found = await findSignUpFor(tools, grace)
  assert.deepEqual(
    [found?.state, found?.diagnosis?.code, found?.diagnosis?.owner],
    ['failed', 'PERMISSION_UNKNOWN', 'operator'],
  )
  assert.deepEqual(assignments(), [])
})

test('an assignment that was made although its answer was lost is recognised, even by a replica that is behind', async () => {
  const grace = await provenAdministrator(installation, graceOf(lost))
  emulator.mischief.once({ at: 'graph', match: { method: 'POST', path: 'appRoleAssignedTo' }, commitThenDrop: true })
  // The first list belongs to the plan; the second is asked for when the repeated assignment is refused.
  emulator.mischief.add({
    at: 'graph',
    match: { method: 'GET', path: 'appRoleAssignments' },
    nth: 2,
    times: 1,
    answer: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"value":[]}' },
  })

  await grant(grace)
  assert.deepEqual(await stateOf(grace), ['connected', undefined])
  assert.equal(assignments().filter((request) => request.status === 400).length, 2)
})

test('directory roles that could not be read at once are read again, as everything else is', async () => {
  const grace = await provenAdministrator(installation, graceOf(patient))
  const roles = { method: 'GET', path: 'transitiveMemberOf' }
  emulator.mischief.once({ at: 'graph', match: roles, body: 'html' })

  await grant({ ...grace, account: { ...grace.account, directoryRoles: [] } })
  assert.deepEqual(await stateOf(grace), ['connected', undefined])
  assert.equal(emulator.requests.list(roles).length > 1, true)
})

test('T04 a role that may consent but not grant is told who may', async () => {
  const adam = await provenAdministrator(installation, adamOf(handedOver))

  await grant(adam)
  assert.deepEqual(await stateOf(adam), ['failed', 'MAY_NOT_GRANT'])
  await refusedWith('TENANT_UNKNOWN', () => showTenant(tools, handedOver))
})

const REFUSED_TOKEN = {
  status: 401,
  headers: { 'content-type': 'application/json' },
  body: '{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired or is not yet valid."}}',
}

test('T04 whose token Microsoft refuses while he grants is told so, not that his role does not suffice, and is not kept waiting', async () => {
  const grace = await provenAdministrator(installation, graceOf(handedOver))
  emulator.mischief.add({
    at: 'graph',
    match: { method: 'POST', path: 'appRoleAssignedTo' },
    answer: REFUSED_TOKEN,
  })
  await grant(grace)
  assert.deepEqual(await stateOf(grace), ['failed', 'SIGN_IN_ENDED'])
  assert.equal(assignments().length, 2, 'asked once more, and no more')

  emulator.mischief.clear()
  emulator.mischief.once({ at: 'graph', match: { method: 'POST', path: 'appRoleAssignedTo' }, answer: REFUSED_TOKEN })
  emulator.mischief.add({ at: 'graph', match: { path: '\\$batch' }, times: 8, answer: REFUSED_TOKEN })
  await grant(grace)
  assert.deepEqual(
    await stateOf(grace),
    ['connected', undefined],
    'one refusal costs nothing, and the app has patience',
  )
})

test('G07 a Graph that has not yet heard of a role, and so refuses the app, is asked again', async () => {
  const grace = await provenAdministrator(installation, 'grace@contoso.onmicrosoft.com')
  emulator.mischief.add({
    at: 'graph',
    match: { method: 'GET', path: '/v1.0/organization', tenant: CONTOSO },
    times: 2,
    answer: {
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}',
    },
  })
  await grant(grace)
  assert.deepEqual(await stateOf(grace), ['connected', undefined])
  assert.ok(emulator.requests.list({ path: '/v1.0/organization', status: 403 }).length > 0)
})

test('T12 a sign-up that is connected has come to its end: whoever is still at it brings no tenant back that has left', async () => {
  const grace = await provenAdministrator(installation, graceOf(ended))
  await grant(grace)
  await offboardTenant(tools, { tenantId: ended, actor: 'operator:test', reason: 'They left.' })
  emulator.requests.clear()

  await grant(grace)
  assert.deepEqual(emulator.requests.list(), [])
  await checkSignUp(tools, grace)
  assert.deepEqual(await stateOf(grace), ['connected', undefined])
  const { tenant, audit } = await showTenant(tools, ended)
  assert.deepEqual([tenant.state, audit[0]?.to], ['offboarded', 'offboarded'])
})

test('a tenant that an operator has paused is not brought back by whoever signs up', async () => {
  await connect(installation, paused)
  await pauseTenant(tools, { tenantId: paused, actor: 'operator:test', reason: 'a dispute' })
  const adam = await provenAdministrator(installation, adamOf(paused))

  const check = await checkSignUp(tools, adam)
  assert.equal(check.state === 'waiting' && check.diagnosis?.code, 'STATE_MOVE_REFUSED')
  await grant(adam)
  assert.deepEqual(await stateOf(adam), ['failed', 'STATE_MOVE_REFUSED'])
  assert.equal((await showTenant(tools, paused)).tenant.state, 'suspended')
})
