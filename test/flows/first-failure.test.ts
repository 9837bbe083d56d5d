import assert from 'node:assert/strict'
import { after, afterEach, type TestContext, test } from 'node:test'
import { openLog } from '#base/log.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { applyGrants } from '#flows/grants/apply-grants.ts'
import { tryToken } from '#flows/incidents/try-token.ts'
import { checkSignUp } from '#flows/sign-up/check-sign-up.ts'
import { completeSignUp } from '#flows/sign-up/complete-sign-up.ts'
import { findSignUpFor } from '#flows/sign-up/find-sign-up.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { provenAdministrator, returnFromMicrosoft } from '#test/support/administrator.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CUSTOMERS, connect, graceOf, openInstallation } from '#test/support/installation.ts'
import { holdAnswers } from '#test/support/microsoft-gate.ts'
import { refusedWith } from '#test/support/problem.ts'
import { refuseWrites } from '#test/support/refuse-writes.ts'
import { until } from '#test/support/until.ts'

const installation = await openInstallation({ after }, { clock: hurriedClock() })
const { emulator } = installation
const lines: string[] = []
const tools = { ...installation.tools, log: openLog('info', { write: (line) => void lines.push(line) }) }
const signal = new AbortController().signal
const [refused, unseen, looked, read, swapped, stopped] = CUSTOMERS
afterEach(() => {
  emulator.mischief.clear()
  lines.length = 0
})

const refuse = (t: TestContext, table: string, when: string) => refuseWrites(t, tools.store, table, when)
/** What the log tells of errors: what is said, and the message of the error. */
const told = () =>
  lines.map((line) => {
    const { msg, err } = JSON.parse(line) as { msg: string; err?: { message: string } }
    return [msg, err?.message] as const
  })
const SECOND = 'this write is refused by the test'
const forbidden = (tenant: string) =>
  emulator.mischief.add({
    at: 'graph',
    match: { method: 'POST', path: 'appRoleAssignedTo', tenant },
    answer: {
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}',
    },
  })

test('what stopped a grant is told, also where that its step failed cannot be stored', async (t) => {
  const grace = await provenAdministrator(installation, graceOf(refused))
  forbidden(refused)
  await refuse(t, 'sign_ups', `new.state <> 'failed' and new.progress @> '[{"state":"failed"}]'`)
  await applyGrants(tools, grace, signal)
  const found = await findSignUpFor(tools, grace)
  assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'MAY_NOT_GRANT'])
  assert.deepEqual(
    told().find(([what]) => what.includes('a step failed')),
    ['that a step failed could not be stored', SECOND],
  )
})

test('what stopped a grant is logged, also where that cannot be stored at all', async (t) => {
  const grace = await provenAdministrator(installation, graceOf(unseen))
  emulator.mischief.say('apptoken.swap')
  await refuse(t, 'sign_ups', `new.state = 'failed'`)
  await applyGrants(tools, grace, signal)
  const said = told()
  assert.ok(
    said.some(([what, why]) => what === 'granting failed' && why?.includes('was not for that tenant')),
    lines.join(''),
  )
  assert.ok(said.some(([what, why]) => what === 'that granting failed could not be stored' && why === SECOND))
  assert.ok(
    said.some(([what]) => what === 'incident'),
    'and it is an incident all the same',
  )
})

test('who comes back with a wrong state is told so, also where his rejection cannot be stored', async (t) => {
  const { ticket, callback } = await returnFromMicrosoft(installation, graceOf(unseen), {})
  await refuse(t, 'audit', `new.action = 'sign-up.rejected'`)
  await refusedWith('SIGN_UP_OTHER_BROWSER', () =>
    completeSignUp(tools, { ticket, callback: { ...callback, state: 'made-up' } }),
  )
  assert.deepEqual(told().at(-1), ['that a sign-in was rejected could not be stored', SECOND])
})

test('T14 a violation is what is told, also where its incident cannot be stored', async (t) => {
  await connect(installation, swapped)
  await refuse(t, 'incidents', 'true')
  emulator.mischief.say('apptoken.swap')
  assert.equal((await tryToken(tools, swapped))?.code, 'TOKEN_OF_OTHER_TENANT')
  assert.deepEqual(told().at(-1), ['an incident could not be stored', SECOND])

  emulator.mischief.clear()
  const grace = await provenAdministrator(installation, graceOf(looked))
  emulator.mischief.say('apptoken.swap')
  const check = await checkSignUp(tools, grace)
  assert.ok(check.state === 'waiting' && check.diagnosis?.code === 'TOKEN_OF_OTHER_TENANT')
  assert.deepEqual(told().at(-1), ['an incident could not be stored', SECOND])
})

test('what stopped a run stands in the log, also where its end cannot be stored', async (t) => {
  await connect(installation, read)
  forgetTenant(tools.entra, read)
  emulator.mischief.add({ at: 'token', aadsts: 7_000_229 })
  await refuse(t, 'sync_runs', `new.state = 'failed'`)
  await assert.rejects(syncTenant(tools, { tenantId: read, signal }), { message: SECOND })
  const [what, why] = told().at(-1) ?? []
  assert.equal(what, 'what stopped a run could not be recorded')
  assert.match(why ?? '', /service principal|enterprise application|app/i)
})

test('T14 a token that gets mixed up while the process stops is an incident, too, and ends the sign-up', async () => {
  const grace = await provenAdministrator(installation, graceOf(stopped))
  const stop = new AbortController()
  emulator.mischief.say('apptoken.swap')
  using answers = holdAnswers(emulator, { name: 'POST /{id}/oauth2/v2.0/token' })
  const granting = applyGrants(tools, grace, stop.signal)
  await until('a token is on its way', () => answers.count() === 1)
  stop.abort(new Error('The process is stopping.'))
  answers.release()
  await granting
  const found = await findSignUpFor(tools, grace)
  assert.deepEqual([found?.state, found?.diagnosis?.code], ['failed', 'TOKEN_OF_OTHER_TENANT'])
  const open = await asFleet(tools.store, (sql) => listIncidents(sql, { open: true, concerning: stopped }))
  assert.deepEqual(
    open.map(({ code }) => code),
    ['TOKEN_OF_OTHER_TENANT'],
  )
})
