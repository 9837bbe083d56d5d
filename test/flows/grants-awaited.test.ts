import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { openLog } from '#base/log.ts'
import { showGrants } from '#flows/grants/review-grants.ts'
import { checkSignUp } from '#flows/sign-up/check-sign-up.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import type { TenantId } from '#model/ids.ts'
import type { ProblemCode } from '#model/problem.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { openGranting } from '#test/flows/support/granting.ts'
import { MINUTE } from '#test/support/hand-clock.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CUSTOMERS, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const installation = await openInstallation({ after }, { clock: hurriedClock() })
const { emulator, tools } = installation
const { arrive, grant, asked } = openGranting(installation)
const [bounded, adversarial, endless, swapped, refused, proxied] = CUSTOMERS
afterEach(() => {
  emulator.mischief.clear()
  emulator.lag.clear()
})

const LAG = { servicePrincipalReads: 3, servicePrincipalTokens: 3, assignmentWrites: 3, assignmentTokens: 3 }
const nothingCameOf = (tenantId: TenantId) => refusedWith('TENANT_UNKNOWN', () => showTenant(tools, tenantId))

for (const [consistency, tenantId] of [
  ['bounded', bounded],
  ['adversarial', adversarial],
] as const)
  test(`G07 replicas that are behind (${consistency}) are waited for, and everything is there once`, async () => {
    emulator.lag.set({ ...LAG, consistency })
    const grace = await arrive(tenantId)
    assert.deepEqual(await grant(grace), ['connected', undefined])
    const statuses = asked(tenantId)
    assert.ok(statuses.includes(400), 'the lag was met')
    assert.equal(statuses.filter((status) => status === 201).length, 3)
  })

test('G07 patience has an end, which says that waiting mends it', async () => {
  emulator.lag.set({ assignmentTokens: 100_000 })
  const grace = await arrive(endless)
  const began = tools.clock.now().getTime()
  assert.deepEqual(await grant(grace), ['failed', 'GRANT_NOT_VISIBLE_YET'])
  const minutes = (tools.clock.now().getTime() - began) / MINUTE
  const { grantPatienceMinutes } = tools.config
  assert.ok(minutes >= grantPatienceMinutes && minutes < 2 * grantPatienceMinutes, `it has waited ${minutes} minutes`)
  await nothingCameOf(endless)
  emulator.lag.clear()
  assert.deepEqual(await grant(grace), ['connected', undefined], 'pressing again goes on from there')
  assert.equal(asked(endless).filter((status) => status === 201).length, 3)
})

test('G06 answers that cannot be read cost the administrator a moment and no more, be it a question or a grant', async () => {
  const grace = await arrive(proxied)
  for (const [path, body] of [
    ['/v1.0/servicePrincipals$', 'html'],
    ['appRoleAssignedTo', 'empty'],
    ['/v1.0/\\$batch', 'half'],
  ] as const)
    emulator.mischief.add({ at: 'graph', match: { path, tenant: proxied }, times: 1, body })
  assert.deepEqual(await grant(grace), ['connected', undefined])
  assert.equal(
    emulator.requests.list({ tenantId: proxied }).filter(({ reason }) => reason?.startsWith('mischief')).length,
    3,
  )
  assert.deepEqual(
    asked(proxied).filter((status) => status !== 201),
    [400],
    'the grant whose answer was lost is known to be there',
  )
})

test('T14 a tenant is not connected with a token of another tenant', async () => {
  const grace = await arrive(swapped)
  emulator.mischief.say('apptoken.swap')
  assert.deepEqual(await grant(grace), ['failed', 'TOKEN_OF_OTHER_TENANT'])
  await nothingCameOf(swapped)
})

test('T14 whatever must never happen is an incident, too, when somebody only looks whether a permission is there', async () => {
  const grace = await arrive(swapped)
  const timesOf = async (code: ProblemCode) => {
    const open = await asFleet(tools.store, (sql) => listIncidents(sql, { open: true, concerning: swapped }))
    return open.find((one) => one.code === code)?.times ?? 0
  }
  const lines: string[] = []
  const log = openLog('info', { write: (line: string) => void lines.push(line) })
  const before = await timesOf('TOKEN_OF_OTHER_TENANT')
  emulator.mischief.say('apptoken.swap')
  const check = await checkSignUp({ ...tools, log }, grace)
  assert.ok(check.state === 'waiting' && check.diagnosis?.code === 'TOKEN_OF_OTHER_TENANT')
  assert.equal(await timesOf('TOKEN_OF_OTHER_TENANT'), before + 1)
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ level }) => level === 'warn')
  assert.deepEqual([told?.signUpId, told?.tenantId], [grace.signUpId, swapped], lines.join(''))
  await nothingCameOf(swapped)

  emulator.mischief.clear()
  const body = '{"value":[],"@odata.nextLink":"https://evil.example/v1.0/x"}'
  const answer = { status: 200, headers: { 'content-type': 'application/json' }, body }
  emulator.mischief.once({ at: 'graph', match: { path: 'appRoleAssignments' }, answer })
  await refusedWith('ORIGIN_REFUSED', () => showGrants(tools, grace))
  assert.equal(await timesOf('ORIGIN_REFUSED'), 1)
})

test('a refusal that is none of lag’s is told at once', async () => {
  const grace = await arrive(refused)
  emulator.mischief.add({
    at: 'graph',
    match: { method: 'POST', path: 'appRoleAssignedTo', tenant: refused },
    answer: {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"error":{"code":"Request_BadRequest","message":"Permission being assigned was not found"}}',
    },
  })
  assert.deepEqual(await grant(grace), ['failed', 'GRAPH_REFUSED'])
  assert.equal(asked(refused).length, 1)
  await nothingCameOf(refused)
})
