import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { runCli } from '#cli/run-cli.ts'
import { tasks } from '#daemon/tasks.ts'
import { forgetTenant } from '#entra/app-token.ts'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/database/open.ts'
import { finishRun, startRun } from '#store/sync-runs.ts'
import { openSite, type Site } from '#test/console/support/open-site.ts'
import { openPerson, type Person, plain, send } from '#test/console/support/person.ts'
import { type HandClock, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { CONTOSO, connect } from '#test/support/installation.ts'
import { aJobContext } from '#test/support/job-context.ts'
import { aTenant, madeUp } from '#test/support/made-up.ts'
import { jobsIn } from '#test/support/open-queue.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

type Lagging = {
  id: string
  displayName: string
  lagSeconds: number
  readAt: string | null
  dueAt: string
  code: string | null
}

suite('who has not been read for longest', { concurrency: false }, () => {
  const scope = suiteScope()
  let clock: HandClock
  let site: Site
  let olivia: Person
  let [fresh, stale]: TenantId[] = []
  before(async () => {
    clock = handClock(new Date())
    site = await openSite(scope, { clock, settings: { TENANTRY_METRICS_TENANTS: '2' } })
    const { store } = site.tools
    /** Here and at Microsoft. */
    const pass = (minutes: number) => {
      clock.pass(minutes * MINUTE)
      site.emulator.clock.advance({ minutes })
    }
    const readNow = (tenantId: TenantId) =>
      asTenant(store, tenantId, async (sql) => {
        const { id } = await startRun(sql, { id: madeUp.runId() })
        await finishRun(sql, id, { state: 'succeeded', diagnosis: null })
      })
    stale = await aTenant(store, { displayName: 'Stale' })
    await readNow(stale)
    await aTenant(store, { displayName: 'Gone', state: 'revoked' })
    pass(60)
    await connect(site, CONTOSO)
    pass(60)
    // A policy blocks Contoso, which has never been read.
    site.emulator.mischief.add({ at: 'token', match: { tenant: CONTOSO }, aadsts: 53_003 })
    forgetTenant(site.tools.entra, CONTOSO)
    await tasks(site.tools)
      ['sync-tenant']({ tenantId: CONTOSO }, aJobContext(CONTOSO))
      .catch(() => {})
    // Its first job, which the sign-up has put into the queue, was that.
    for (const { id } of await jobsIn(site.tools.jobs, 'sync-tenant'))
      await site.tools.jobs.boss.deleteJob('sync-tenant', id)
    fresh = await aTenant(store, { displayName: 'Fresh' })
    await readNow(fresh)
    pass(10)
    olivia = openPerson(site)
    await olivia.signIn()
  })
  const command = async (...argv: string[]) => {
    const said: string[] = []
    const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) }
    const { signal } = new AbortController()
    const code = await runCli(argv, { terminal, signal, tools: async () => site.tools })
    assert.equal(code, 0, said.join('\n'))
    return said.join('\n')
  }

  test('the terminal lists them, the longest first, with what they wait for; who is not read is not among them', async () => {
    const found = JSON.parse(await command('tenants', 'lag', '--json')) as Lagging[]
    assert.deepEqual(
      found.map(({ displayName, lagSeconds, code }) => [displayName, lagSeconds, code]),
      [
        ['Stale', 130 * 60, null],
        ['Customer', 70 * 60, 'CONDITIONAL_ACCESS'],
        ['Fresh', 10 * 60, null],
      ],
    )
    const [first, second] = found
    // One turn an hour: the first has been due for long, the second rests for an hour after its failure.
    assert.ok(new Date(first?.dueAt ?? '') < clock.now())
    assert.equal(second?.readAt, null)
    assert.equal(new Date(second?.dueAt ?? '').getTime() - clock.now().getTime(), 50 * MINUTE)
    const [headings, , row] = (await command('tenants', 'lag', '--limit', '1')).split('\n')
    assert.match(headings ?? '', /TENANT ID +NAME +STATE +LAST READ \(UTC\) +LAG +DUE \(UTC\)/)
    assert.match(row ?? '', new RegExp(`^${stale} +Stale +active +.+ 2 h 10 min`))
  })

  test('each of the longest has a figure of its own, and no others', async () => {
    const figures = async () => {
      const { text } = await send(`${site.url}/metrics`)
      return [...text.matchAll(/^tenantry_tenant_sync_lag_seconds\{tenant="(.+)"\} (.+)$/gm)].map(([, id, value]) => [
        id,
        Number(value),
      ])
    }
    assert.deepEqual(await figures(), [
      [stale, 130 * 60],
      [CONTOSO, 70 * 60],
    ])
  })

  test('the API and the overview show the same', async () => {
    const answer = await olivia.api('GET', '/lag?limit=2')
    assert.equal(answer.status, 200)
    const { tenants } = JSON.parse(answer.text) as { tenants: Lagging[] }
    assert.deepEqual(
      tenants.map(({ id }) => id),
      [stale, CONTOSO],
    )
    const { text } = await olivia.get('/')
    const section = plain(/Longest not read[\s\S]*?<\/table>/.exec(text)?.[0] ?? '')
    assert.match(
      section,
      /Stale .*2 hours ago .*was due 1 hour ago.* Customer .*Conditional access .*Never .*in 50 minutes.* Fresh/,
    )
  })
})
