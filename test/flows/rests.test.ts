import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { runCli } from '#cli/run-cli.ts'
import { tasks } from '#daemon/tasks.ts'
import { forgetTenant } from '#entra/app-token.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { verifyTenant } from '#flows/tenants/verify-tenant.ts'
import { type JobPayloads, keyOf } from '#jobs/names.ts'
import type { TenantId } from '#model/ids.ts'
import type { JobRun } from '#model/job.ts'
import { Problem } from '#model/problem.ts'
import { DAY, HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { CUSTOMERS, connect, openInstallation } from '#test/support/installation.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import type { Tools } from '#tools.ts'

const EVERY_MINUTES = 10
const REPORT = {
  name: 'report',
  schedule: { everyMinutes: EVERY_MINUTES },
  permissions: ['User.Read.All'],
  run: async ({ tenant }: Pick<JobRun, 'tenant'>) => {
    reported.push(tenant.id)
    if (lackingGroup.has(tenant.id)) throw noGroup()
  },
}
/** In whom the report was begun, and whose administrator has something to do for it. */
const reported: TenantId[] = []
const lackingGroup = new Set<TenantId>()
const noGroup = () =>
  new Problem({
    code: 'JOB_FAILED',
    owner: 'customer-administrator',
    message: 'The tenant has no group called Reports.',
    nextStep: 'An administrator of the tenant makes one.',
    retry: 'never',
    confidence: 'certain',
  })
const signal = new AbortController().signal
const clock = handClock(new Date())
const installation = await openInstallation({ after }, { clock })
const { emulator, config } = installation
const tools: Tools = {
  ...installation.tools,
  config: { ...config, syncEveryMinutes: EVERY_MINUTES, app: { ...config.app, jobs: [REPORT] } },
}
const table = tasks(tools)

/** What a worker does by then: it plans, and does what is due. */
async function turn(tenantId: TenantId): Promise<void> {
  forgetTenant(tools.entra, tenantId)
  await table.watch({}, aJobContext('watch', 'tick'))
  await table['plan-jobs']({}, aJobContext('plan-jobs', 'tick'))
  for (const name of ['verify-tenant', 'sync-tenant', 'run-job'] as const)
    for (const { id, data, state } of await jobsIn(tools.jobs, name)) {
      if (state !== 'created') continue
      await table[name](data as never, aJobContext(keyOf(name, data as JobPayloads[typeof name]), id)).catch(() => {})
      await tools.jobs.boss.deleteJob(name, id)
    }
}

/** How often Entra ID was asked for a token in each of so many turns of ten minutes. */
async function askedIn(tenantId: TenantId, turns: number): Promise<number[]> {
  const counts: number[] = []
  for (let count = 0; count < turns; count++) {
    clock.pass(EVERY_MINUTES * MINUTE + 1_000)
    emulator.requests.clear()
    await turn(tenantId)
    counts.push(emulator.requests.list({ path: `/${tenantId}/oauth2` }).length)
  }
  return counts
}
const refuse = (tenantId: TenantId, aadsts: number) =>
  emulator.mischief.add({ at: 'token', match: { tenant: tenantId }, aadsts })
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const [blocked, lapsed, unknown, busy, verified, returning] = CUSTOMERS

test('T16 whom a policy of the customer blocks is asked once an hour; whoever looks is told when, and verifying ends the rest', async () => {
  await connect(installation, blocked)
  await turn(blocked)
  refuse(blocked, 53003)
  const [first = 0, ...rest] = await askedIn(blocked, 12)
  assert.equal(first, 2, 'the directory and the report')
  // In the two hours after it, each of both is tried twice, at most.
  assert.ok(sum(rest) >= 2 && sum(rest) <= 4, `${rest}`)

  const { tenant, nextTryAt } = await showTenant(tools, blocked)
  assert.equal(tenant.state, 'active')
  const wait = (nextTryAt?.getTime() ?? 0) - clock.now().getTime()
  assert.ok(wait > 0 && wait <= HOUR, `${wait}`)
  const said: string[] = []
  const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) }
  await runCli(['tenants', 'show', '--tenant', blocked], { terminal, signal, tools: async () => tools })
  assert.match(said.join('\n'), new RegExp(`^ {2}Next try: ${nextTryAt?.toISOString().slice(0, 10)} .+ UTC\\.$`, 'm'))

  emulator.mischief.clear()
  await verifyTenant(tools, { tenantId: blocked, actor: 'operator:test' })
  assert.ok(sum(await askedIn(blocked, 1)) > 0)
  const [run] = (await showTenant(tools, blocked)).runs
  assert.equal(run?.state, 'succeeded')
})

test('a service that the customer has let lapse is asked for once a day', async () => {
  await connect(installation, lapsed)
  await turn(lapsed)
  refuse(lapsed, 500014)
  const counts = await askedIn(lapsed, 8)
  assert.deepEqual(counts, [2, 0, 0, 0, 0, 0, 0, 0])
  const { nextTryAt } = await showTenant(tools, lapsed)
  assert.ok((nextTryAt?.getTime() ?? 0) - clock.now().getTime() > DAY / 2)
  emulator.mischief.clear()
})

test('what waiting mends is tried again at the next turn, and what nobody knows once an hour', async () => {
  for (const tenantId of [busy, unknown]) await connect(installation, tenantId)
  await turn(busy)
  refuse(busy, 90033)
  assert.ok((await askedIn(busy, 3)).every((count) => count > 0))
  emulator.mischief.clear()
  emulator.mischief.add({
    at: 'token',
    match: { tenant: unknown },
    answer: { status: 400, headers: { 'content-type': 'application/json' }, body: '{"error":"strange"}' },
  })
  assert.deepEqual(await askedIn(unknown, 5), [2, 0, 0, 0, 0])
})

const COMES_BACK = {
  'the tenant was verified': {
    tenantId: verified,
    ask: () => verifyTenant(tools, { tenantId: verified, actor: 'operator:test' }),
  },
  'its administrator signed up again': { tenantId: returning, ask: () => connect(installation, returning) },
}
for (const [way, { tenantId, ask }] of Object.entries(COMES_BACK))
  test(`what only the customer could mend for a job of the ISV’s own waits a day, or until ${way}`, async () => {
    const begunIn = async (turns: number) => {
      const before = reported.filter((id) => id === tenantId).length
      await askedIn(tenantId, turns)
      return reported.filter((id) => id === tenantId).length - before
    }
    await connect(installation, tenantId)
    await turn(tenantId)
    lackingGroup.add(tenantId)
    assert.equal(await begunIn(6), 1)
    lackingGroup.delete(tenantId)
    await ask()
    assert.ok((await begunIn(1)) > 0)
    assert.equal(await begunIn(3), 3, 'from then on at each turn')
  })
