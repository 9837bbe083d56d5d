import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchFleet } from '#console/fleet-watch.ts'
import { request } from '#graph/request.ts'
import type { TenantId } from '#model/ids.ts'
import { lendFrom } from '#store/buckets.ts'
import { asFleet } from '#store/database/open.ts'
import { watchHold } from '#store/hold.ts'
import { openIncident } from '#store/incidents.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { openFleet } from '#test/support/fleet.ts'
import { HOUR, handClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, aTenant } from '#test/support/made-up.ts'

forEachBackend(({ freshStore }) => {
  test('R10 a bucket is filled on after the database’s clock was put back, as if nobody had touched it', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const bucket = { key: 'units', limit: { amount: 100, seconds: 10 } }
    const lend = async (wanted: number) => (await lendFrom(store, [{ ...bucket, back: 0, wanted }]))[0]?.lent
    assert.equal(await lend(100), 100)
    clock.pass(-10 * MINUTE)
    assert.equal(await lend(100), 0)
    clock.pass(11_000)
    assert.equal(await lend(100), 100)
  })

  test('R10 a clock that is put back keeps no answer about a hold', async (t) => {
    const clock = handClock()
    const store = await freshStore(t, { clock })
    const hold = watchHold(store)
    assert.equal(await hold.isOn(), false)
    await asFleet(store, (sql) =>
      openIncident(sql, { tenantId: null, diagnosis: aDiagnosis({ code: 'CLIENT_SECRET_EXPIRED' }), holds: true }),
    )
    assert.equal(await hold.isOn(), false, 'it is asked once in a while')
    clock.pass(-HOUR)
    assert.equal(await hold.isOn(), true)
  })
})

test('R10 a clock that is put back prolongs no rest that Graph has asked for', async () => {
  const clock = handClock()
  await using fleet = await openFleet({ users: 1, groups: 0, clock })
  const [tenantId] = fleet.tenantIds as [TenantId]
  const answer = { status: 429, headers: { 'retry-after': '40' } }
  fleet.emulator.mischief.once({ at: 'graph', answer })
  const ask = () => request(fleet.tools.graphAsApp(tenantId, { longestPauseMilliseconds: 1 }), { path: '/users' })
  await assert.rejects(ask, { code: 'THROTTLED' })
  clock.pass(20_000)
  await assert.rejects(ask, { code: 'THROTTLED' })
  clock.pass(-HOUR)
  await ask()
  assert.equal(fleet.emulator.requests.list({ path: '/v1.0/users' }).length, 2)
})

test('R10 a clock that is put back keeps no old figures of the fleet', async () => {
  const clock = handClock()
  await using fleet = await openFleet({ users: 1, groups: 0, clock })
  const watch = watchFleet(fleet.tools)
  const active = async () => (await watch.look()).byState.active
  assert.equal(await active(), 1)
  await aTenant(fleet.tools.store)
  assert.equal(await active(), 1, 'it is asked once in a while')
  clock.pass(-HOUR)
  assert.equal(await active(), 2)
})
