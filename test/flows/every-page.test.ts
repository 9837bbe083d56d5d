import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { forgetTenant } from '#entra/app-token.ts'
import { printUsers } from '#flows/runs/print-users.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { showTenant } from '#flows/tenants/show-tenants.ts'
import { userPages } from '#graph/users.ts'
import type { TenantId } from '#model/ids.ts'
import { asTenant } from '#store/database/open.ts'
import { listResources } from '#store/resources.ts'
import { openHost } from '#test/outbound/support/open-host.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { CONTOSO, connect, FABRIKAM, openInstallation } from '#test/support/installation.ts'
import { refusedWith } from '#test/support/problem.ts'

const installation = await openInstallation({ after }, { clock: hurriedClock() })
const { emulator, tools } = installation
const signal = new AbortController().signal
const sync = (tenantId: TenantId) => syncTenant(tools, { tenantId, signal })
const story = (tenantId: TenantId) => showTenant(tools, tenantId)
const storedUsers = async (tenantId: TenantId): Promise<string[]> => {
  const rows = await asTenant(tools.store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: 10_000 }))
  return rows.map(({ id }) => id).sort()
}

const FABRIKAM_USERS = 1_200
const everybody = new Map<TenantId, string[]>()
before(async () => {
  for (const tenantId of [FABRIKAM, CONTOSO]) {
    await connect(installation, tenantId)
    const ids: string[] = []
    for await (const { items } of userPages(tools.graphAsApp(tenantId))) ids.push(...items.map(({ id }) => id))
    everybody.set(tenantId, ids.sort())
  }
  assert.equal(everybody.get(FABRIKAM)?.length, FABRIKAM_USERS)
  await sync(FABRIKAM)
})
afterEach(() => {
  emulator.mischief.clear()
  emulator.requests.clear()
})

test('the smallest daemon prints every user, the last page’s too, and never its token', async () => {
  const names: string[] = []
  let shown = ''
  const print = {
    user: (name: string) => void names.push(name),
    claims: (claims: Record<string, unknown>) => {
      shown = JSON.stringify(claims)
    },
  }
  emulator.requests.clear()
  const printed = await printUsers(tools, { tenantId: FABRIKAM, signal, print })
  assert.deepEqual([printed.users, names.length], [FABRIKAM_USERS, FABRIKAM_USERS])
  assert.equal(emulator.requests.list({ path: '^/v1.0/users$' }).length, 2)
  assert.match(shown, new RegExp(FABRIKAM))
  assert.doesNotMatch(shown, /eyJ/)
})

test('a run stores what stands on every page, and counts it', async () => {
  const { counts, runs } = await story(FABRIKAM)
  assert.deepEqual([counts.organization, counts.user, counts.group], [1, FABRIKAM_USERS, 80])
  assert.deepEqual(
    [runs[0]?.state, runs[0]?.pages, runs[0]?.users, runs[0]?.groups],
    ['succeeded', 5, FABRIKAM_USERS, 80],
  )
  assert.deepEqual(await storedUsers(FABRIKAM), everybody.get(FABRIKAM))
})

/** So that the next run reads everything anew, from its first page. */
const forgetOurPlace = () =>
  emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/users/delta' }, times: 1, answer: { status: 410 } })

/** What a run then counts: pages of all kinds, and users. */
const ODD_PAGES = [
  ['graph.page=empty', 7, FABRIKAM_USERS],
  ['graph.page=overlapping', 5, FABRIKAM_USERS + 1],
  ['graph.page=reversed', 5, FABRIKAM_USERS],
] as const

for (const [word, pages, users] of ODD_PAGES)
  test(`G09 ${word}: everybody is stored once, and nobody is lost`, async () => {
    forgetOurPlace()
    // The refused request counts too.
    emulator.mischief.add({ word, match: { path: '/v1.0/users' }, times: 3 })
    await sync(FABRIKAM)
    const { runs } = await story(FABRIKAM)
    assert.deepEqual([runs[0]?.state, runs[0]?.pages, runs[0]?.users], ['succeeded', pages, users])
    assert.deepEqual(await storedUsers(FABRIKAM), everybody.get(FABRIKAM))
  })

test('G01 a run that is led away ends; what was known stays, and nothing goes there', async (t) => {
  const evil = await openHost(t)
  forgetOurPlace()
  emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/users' }, nextLink: `${evil.origin}/v1.0/users` })
  await refusedWith('ORIGIN_REFUSED', () => sync(FABRIKAM))
  const { runs, counts, tenant } = await story(FABRIKAM)
  assert.deepEqual([runs[0]?.state, runs[0]?.diagnosis?.code], ['failed', 'ORIGIN_REFUSED'])
  assert.deepEqual([counts.user, tenant.state], [FABRIKAM_USERS, 'active'])
  assert.equal(evil.connections(), 0)

  emulator.mischief.clear()
  await sync(FABRIKAM)
  assert.equal((await story(FABRIKAM)).runs[0]?.state, 'succeeded')
})

test('G06 a run that ends on its second page takes nobody for gone', async () => {
  forgetOurPlace()
  emulator.mischief.add({ at: 'graph', match: { path: '/v1.0/users' }, nth: 3, answer: { status: 503 } })
  await refusedWith('UNAVAILABLE', () => sync(FABRIKAM))
  const { runs } = await story(FABRIKAM)
  assert.deepEqual([runs[0]?.state, runs[0]?.pages], ['failed', 3])
  assert.deepEqual(await storedUsers(FABRIKAM), everybody.get(FABRIKAM))
})

test('T14 two tenants that are read at the same time, with tokens that get mixed up, never share a row', async () => {
  const codes = new Set<unknown>()
  emulator.mischief.set([{ word: 'apptoken.swap', probability: 0.5 }], 3)
  for (let round = 0; round < 8; round++) {
    for (const tenantId of [FABRIKAM, CONTOSO]) forgetTenant(tools.entra, tenantId)
    for (const one of await Promise.allSettled([sync(FABRIKAM), sync(CONTOSO)]))
      codes.add(one.status === 'rejected' ? one.reason.code : 'read')
  }
  assert.deepEqual(codes, new Set(['read', 'TOKEN_OF_OTHER_TENANT']))
  for (const [tenantId, ids] of everybody) assert.deepEqual(await storedUsers(tenantId), ids)
})
