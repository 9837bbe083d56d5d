import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { runCli } from '#cli/run-cli.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { raiseAlarm } from '#flows/incidents/raise-alarm.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { pauseTenant } from '#flows/tenants/pause-tenant.ts'
import { claimJob } from '#jobs/claim-job.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CONTOSO, CUSTOMERS, connect, openInstallation } from '#test/support/installation.ts'
import { aDiagnosis, aTenant } from '#test/support/made-up.ts'

const installation = await openInstallation({ after }, { clock: hurriedClock() })
const { emulator, tools } = installation
const { signal } = new AbortController()
const [paused, throttled, blocked] = CUSTOMERS
for (const tenantId of [CONTOSO, paused, throttled, blocked]) await connect(installation, tenantId)

const command = async (...argv: string[]) => {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) }
  const code = await runCli(argv, { terminal, signal, tools: () => Promise.resolve(tools) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('a reading by hand that was not done does not say that it was, and fails', async () => {
  await pauseTenant(tools, { tenantId: paused, actor: 'operator:test', reason: 'Their weekend.' })
  emulator.requests.clear()
  const { code, out } = await command('run', 'sync-tenant', '--tenant', paused)
  assert.deepEqual([code, emulator.requests.list({ tenantId: paused })], [1, []])
  assert.match(out, /not done, because the daemon does not work for this tenant/)
  const { code: same, out: json } = await command('run', 'sync-tenant', '--tenant', paused, '--json')
  assert.deepEqual([same, JSON.parse(json)], [1, { tenantId: paused, state: 'suspended', outcome: 'idle' }])
})

test('a reading by hand that waits for Graph says so, one that has ended says that', async () => {
  const headers = { 'retry-after': '600' }
  emulator.mischief.add({ at: 'graph', match: { tenant: throttled }, times: 1, answer: { status: 429, headers } })
  const waiting = await command('run', 'sync-tenant', '--tenant', throttled)
  assert.equal(waiting.code, 0)
  assert.match(waiting.out, /not done to the end yet; a worker goes on with it/)
  const read = await command('run', 'sync-tenant', '--tenant', CONTOSO)
  assert.deepEqual([read.code, read.out], [0, 'Customer has been read; it is active.'])
})

test('R02 a reading by hand takes nothing from the worker that reads the tenant', async () => {
  await using claimed = await claimJob(tools.jobs, 'sync-tenant', { tenantId: CONTOSO })
  assert.ok(claimed)
  emulator.requests.clear()
  const { code, err } = await command('run', 'sync-tenant', '--tenant', CONTOSO)
  assert.equal(code, 1)
  assert.match(err, /^JOB_UNDER_WAY: The job sync-tenant is being done in this tenant already\./)
  assert.deepEqual(emulator.requests.list({ tenantId: CONTOSO }), [])
})

test('one tenant is shown with what its latest reading met, who mends it and what to do next', async () => {
  emulator.mischief.add({ at: 'token', match: { tenant: blocked }, aadsts: 53_003 })
  forgetTenant(tools.entra, blocked)
  await assert.rejects(syncTenant(tools, { tenantId: blocked, signal }), { code: 'CONDITIONAL_ACCESS' })
  const { out } = await command('tenants', 'show', '--tenant', blocked)
  assert.match(
    out,
    /^CONDITIONAL_ACCESS: .*\n +Who mends it: the customer’s administrator\.\n +Next step: +An administrator .*\n +Next try: /m,
  )
})

test('a list that is cut off says so beside its data', async () => {
  const cut = await command('tenants', 'list', '--limit', '2', '--json')
  assert.deepEqual([cut.code, JSON.parse(cut.out).length], [0, 2])
  assert.match(cut.err, /There are more than these 2: --limit/)
  const whole = await command('tenants', 'list', '--limit', '4', '--json')
  assert.deepEqual([JSON.parse(whole.out).length, whole.err], [4, ''])
})

test('a reason that says nothing is refused before anything is changed', async () => {
  const id = await aTenant(tools.store, { displayName: 'Reasonable' })
  const { code, err } = await command('tenants', 'pause', '--tenant', id, '--reason', ' ')
  assert.equal(code, 2)
  assert.match(err, /It must not be empty/)
  const { out } = await command('tenants', 'show', '--tenant', id, '--json')
  assert.equal(JSON.parse(out).tenant.state, 'active')
})

test('S16 a name from a directory cannot write on the terminal', async () => {
  const id = await aTenant(tools.store, { displayName: 'Evil\u001b[2J' })
  const told = { message: 'It leads to Evil\u001b[2J.', nextStep: 'Ask Evil\u001b[2J.' }
  await raiseAlarm(tools, { tenantId: CONTOSO, diagnosis: aDiagnosis({ code: 'ORIGIN_REFUSED', ...told }) })
  for (const argv of [
    ['incidents', 'list'],
    ['tenants', 'show', '--tenant', CONTOSO],
    ['tenants', 'show', '--tenant', id],
    ['tenants', 'list'],
    ['tenants', 'pause', '--tenant', id],
    ['run', 'sync-tenant', '--tenant', id],
  ]) {
    const { out } = await command(...argv)
    assert.match(out, /Evil\\u\{1b\}/, argv.join(' '))
    assert.ok(!out.includes('\u001b'), argv.join(' '))
  }
})

test('S16 nor as JSON, which still says it exactly', async () => {
  const displayName = 'Evil\u009b2J \u202eeman\u2066 \u{e0041} \u2028Ä😀'
  const id = await aTenant(tools.store, { displayName })
  const commands: [argv: string[], name: (data: never) => string][] = [
    [['tenants', 'list', '--search', id], ([tenant]: [Named]) => tenant.displayName],
    [['tenants', 'lag'], (tenants: Named[]) => tenants.find((tenant) => tenant.id === id)?.displayName ?? ''],
    [['tenants', 'show', '--tenant', id], ({ tenant }: { tenant: Named }) => tenant.displayName],
    [['tenants', 'pause', '--tenant', id], (tenant: Named) => tenant.displayName],
  ]
  for (const [argv, nameIn] of commands) {
    const { out } = await command(...argv, '--json')
    assert.equal(nameIn(JSON.parse(out) as never), displayName, argv.join(' '))
    assert.doesNotMatch(out, /[\p{Cc}\p{Cf}\u2028\u2029]/u, argv.join(' '))
    assert.ok(out.includes('Evil\\u009b2J \\u202eeman\\u2066 \\udb40\\udc41 \\u2028Ä😀'), 'and nothing else is escaped')
  }
})

type Named = { id: string; displayName: string }
