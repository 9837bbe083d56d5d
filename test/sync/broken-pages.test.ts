import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RuleInput } from '#emulator/index.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import type { ProblemCode } from '#model/problem.ts'
import { asTenant } from '#store/database/open.ts'
import { countResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { refusedWith } from '#test/support/problem.ts'

const FIRST_PAGE = 999
const PEOPLE = 1_200
const WITHOUT_LINK = '{"value":[{"id":"00000000-0000-4000-8000-0000000000aa","displayName":"One of many"}]}'
const json = { 'content-type': 'application/json' }

/** What may become of the second page, each with objects in it that are as good as true. */
const DEEDS: Record<string, { deed: Partial<RuleInput>; code: ProblemCode }> = {
  'cut in the middle of its objects': { deed: { truncate: 5_000 }, code: 'NETWORK' },
  'half, and called whole': { deed: { body: 'half' }, code: 'ANSWER_UNREADABLE' },
  'in another character set': { deed: { body: 'utf-16' }, code: 'ANSWER_UNREADABLE' },
  'a page of HTML': { deed: { body: 'html' }, code: 'ANSWER_UNREADABLE' },
  empty: { deed: { body: 'empty' }, code: 'ANSWER_UNREADABLE' },
  'a bomb': { deed: { body: 'gzip-bomb' }, code: 'ANSWER_UNREADABLE' },
  'without a link': {
    deed: { answer: { status: 200, headers: json, body: WITHOUT_LINK } },
    code: 'ANSWER_UNREADABLE',
  },
}

let fleet: Fleet
before(async () => {
  fleet = await openFleet({
    tenants: Object.keys(DEEDS).length,
    users: PEOPLE,
    groups: 0,
    clock: hurriedClock(),
  })
})
after(() => fleet[Symbol.asyncDispose]())

for (const [index, [what, { deed, code }]] of Object.entries(DEEDS).entries())
  test(`G06 of a second page that cannot be used nothing is kept, and the run goes on there: ${what}`, async () => {
    const { tools, emulator, tenantIds } = fleet
    const tenantId = tenantIds[index] as TenantId
    const sync = () => syncTenant(tools, { tenantId, signal: new AbortController().signal })
    const kept = async () => {
      const { user } = await asTenant(tools.store, tenantId, countResources)
      const run = await asTenant(tools.store, tenantId, latestRun)
      return [run?.state, run?.users, user]
    }
    emulator.mischief.add({ at: 'graph', match: { path: '/users/delta', tenant: tenantId }, nth: 2, ...deed })
    await refusedWith(code, sync)
    assert.deepEqual(await kept(), ['failed', FIRST_PAGE, FIRST_PAGE])

    emulator.mischief.clear()
    emulator.requests.clear()
    await sync()
    assert.deepEqual(await kept(), ['succeeded', PEOPLE - FIRST_PAGE, PEOPLE])
    assert.equal(emulator.requests.list({ tenantId, path: '/users/delta' }).length, 1)
  })
