import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openLog } from '#base/log.ts'
import { pauseTenant, resumeTenant } from '#flows/tenants/pause-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'
import { asTenant } from '#store/database/open.ts'
import { latestRun } from '#store/sync-runs.ts'
import { appWithJob, type Run } from '#test/own-jobs/support/one-job.ts'
import { runHere, runUntil } from '#test/support/at-the-terminal.ts'
import { openFleet } from '#test/support/fleet.ts'

let work: (run: Run) => Promise<void> = async () => {}
const logged: string[] = []
const fleet = await openFleet({
  users: 1,
  groups: 0,
  app: appWithJob((run) => work(run)),
  log: openLog('warn', { write: (line) => void logged.push(line) }),
})
after(() => fleet[Symbol.asyncDispose]())
const [tenantId] = fleet.tenantIds as [TenantId]
const BY_HAND = ['run', 'the-job', '--tenant', tenantId] as const

test('who does a job by hand finds its error in the log, and hears that nobody tries it again', async () => {
  work = async () => {
    throw new TypeError('names of a person must not leave the log')
  }
  const { code, stdout, stderr } = await runHere(fleet.tools, ...BY_HAND).ended
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^JOB_FAILED: [\s\S]*Its error stands in the log/)
  assert.doesNotMatch(stderr, /tried again by itself|names of a person/)
  const [line, ...others] = logged.splice(0)
  assert.deepEqual(others, [])
  const { err, job, tenantId: ofTenant } = JSON.parse(line ?? '')
  assert.deepEqual(
    [err.type, err.message, job, ofTenant],
    ['TypeError', 'names of a person must not leave the log', 'the-job', tenantId],
  )
  assert.match(err.stack, /by-hand\.test\.ts/)
})

test('a problem of the author’s own is told as it stands', async () => {
  work = async () => {
    throw new Problem({
      code: 'JOB_FAILED',
      owner: 'customer-administrator',
      message: 'The tenant has no group called Reports.',
      nextStep: 'An administrator of the tenant makes one.',
      retry: 'never',
      confidence: 'certain',
    })
  }
  const { stderr } = await runHere(fleet.tools, ...BY_HAND).ended
  assert.match(stderr, /no group called Reports[\s\S]*customer’s administrator[\s\S]*makes one/)
  assert.deepEqual(logged, [])
})

test('a job by hand in a tenant that is paused is not done, and says what the tenant is', async () => {
  const order = { tenantId, actor: 'operator:test', reason: 'Their weekend.' }
  await pauseTenant(fleet.tools, order)
  const { code, stdout } = await runHere(fleet.tools, ...BY_HAND).ended
  assert.equal(code, 1)
  assert.match(stdout, /^the-job in Tenant 1: not done, .* It is suspended\.\n$/)
  await resumeTenant(fleet.tools, order)
})

test('Ctrl-C stops a job that is done by hand, which has not failed for that', async () => {
  const hand = new AbortController()
  work = async ({ signal }) => {
    hand.abort(new Error('Somebody pressed Ctrl-C.'))
    signal.throwIfAborted()
  }
  const { code, stderr } = await runUntil(fleet.tools, hand.signal, ...BY_HAND).ended
  assert.deepEqual([code, stderr], [1, 'Stopped before it was done.\n'])
  assert.deepEqual(logged, [])
  const run = await asTenant(fleet.tools.store, tenantId, (sql) => latestRun(sql, 'the-job'))
  assert.equal(run?.state, 'interrupted')
})
