import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { sql } from 'kysely'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { sdkClient } from '#graph/sdk-client.ts'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'
import { countResources } from '#store/resources.ts'
import { latestRun } from '#store/sync-runs.ts'
import { type Host, openHost } from '#test/outbound/support/open-host.ts'
import { type Fleet, openFleet } from '#test/support/fleet.ts'
import { hurriedClock } from '#test/support/hurried-clock.ts'
import { refusedWith } from '#test/support/problem.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const PEOPLE = 1_200
const LINKS = ['next_link', 'delta_link'] as const
const scope = suiteScope()
let fleet: Fleet
let evil: Host
let tenantId: TenantId

before(async () => {
  evil = await openHost(scope)
  fleet = await openFleet({ users: PEOPLE, groups: 0, clock: hurriedClock() })
  ;[tenantId] = fleet.tenantIds as [TenantId]
  await sync()
})
after(() => fleet[Symbol.asyncDispose]())
afterEach(() => fleet.emulator.mischief.clear())

const sync = () => syncTenant(fleet.tools, { tenantId, signal: new AbortController().signal })
const run = () => asTenant(fleet.tools.store, tenantId, latestRun)
const people = async () => (await asTenant(fleet.tools.store, tenantId, countResources)).user
const asked = () => fleet.emulator.requests.list({ tenantId, path: '^/(v1.0|beta)/users' })

/** Past every rule of ours, as whoever can write to the database does. */
const bend = (link: (typeof LINKS)[number], to: string | null) =>
  asTenant(fleet.tools.store, tenantId, ({ db }) =>
    sql`update tenantry.sync_cursors set ${sql.ref(link)} = ${to} where kind = 'user'`.execute(db),
  )
const keptDeltaLink = async (): Promise<string> => {
  const { rows } = await asTenant(fleet.tools.store, tenantId, ({ db }) =>
    sql<{ link: string }>`select delta_link as link from tenantry.sync_cursors where kind = 'user'`.execute(db),
  )
  return rows[0]?.link ?? assert.fail()
}

for (const link of LINKS)
  test(`G02 what somebody has led away in the database ends the run, and nothing goes there: ${link}`, async () => {
    const honest = await keptDeltaLink()
    const path = honest.slice(honest.indexOf('/v1.0/'))
    const { host, port } = new URL(fleet.emulator.origin)
    for (const foreign of [
      `${evil.origin}${path}`,
      `http://${host}${path}`,
      `https://${host}@${new URL(evil.origin).host}${path}`,
      `https://localhost:${port}.evil.example${path}`,
      `https://127.0.0.1:${port}${path}`,
      `//${new URL(evil.origin).host}${path}`,
      `${fleet.emulator.origin}/beta/users/delta`,
    ]) {
      fleet.emulator.requests.clear()
      await bend(link, foreign)
      await refusedWith('ORIGIN_REFUSED', sync)
      const ended = await run()
      assert.deepEqual([ended?.state, ended?.diagnosis?.code, ended?.pages], ['failed', 'ORIGIN_REFUSED', 0], foreign)
      assert.deepEqual([asked().length, evil.connections(), await people()], [0, 0, PEOPLE])
    }
    await bend('next_link', null)
    await bend('delta_link', honest)
    await sync()
    assert.equal((await run())?.state, 'succeeded')
  })

for (const link of LINKS)
  test(`G02 a link of Graph’s own that it does not accept is forgotten, and everything is read anew, once: ${link}`, async () => {
    await bend(link, `${await keptDeltaLink()}AA`)
    fleet.emulator.requests.clear()
    await sync()
    const ended = await run()
    assert.deepEqual([ended?.state, ended?.users, await people()], ['succeeded', PEOPLE, PEOPLE])
    assert.deepEqual(
      asked().map(({ status }) => status),
      [400, 200, 200],
    )
    await sync()
    assert.equal((await run())?.users, 0, 'and then what has changed again')
  })

test('G03 a run that is redirected ends, and the token goes nowhere', async () => {
  for (const status of [302, 307, 308]) {
    fleet.emulator.mischief.add({
      at: 'graph',
      match: { path: '/v1.0/users' },
      answer: { status, headers: { location: `${evil.origin}/v1.0/users` } },
    })
    await refusedWith('ORIGIN_REFUSED', sync)
    const ended = await run()
    assert.deepEqual([ended?.state, ended?.diagnosis?.code], ['failed', 'ORIGIN_REFUSED'], `${status}`)
    await assert.rejects(async () => sdkClient(fleet.tools.graphAsApp(tenantId)).api('/users').get())
    fleet.emulator.mischief.clear()
  }
  assert.deepEqual([evil.connections(), await people()], [0, PEOPLE])
  const incidents = await asFleet(fleet.tools.store, (handle) => listIncidents(handle, { open: true }))
  assert.deepEqual(
    incidents.map((incident) => [incident.tenantId, incident.code]),
    [[tenantId, 'ORIGIN_REFUSED']],
  )
  await sync()
  assert.equal((await run())?.state, 'succeeded')
})
