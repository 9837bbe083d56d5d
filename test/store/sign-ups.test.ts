import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { TenantId } from '#model/ids.ts'
import { asFleet, asTenant, type Store } from '#store/database/open.ts'
import {
  addSignUp,
  connectSignUp,
  findSignUp,
  makeRoomForSignUp,
  removeExpiredSignUps,
  takeSignUp,
  updateSignUp,
} from '#store/sign-ups.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { DAY, type HandClock, MINUTE } from '#test/support/hand-clock.ts'
import { aDiagnosis, madeUp } from '#test/support/made-up.ts'

const VALID_MINUTES = 15

async function begin(store: Store, clock: HandClock, invitedTenantId: TenantId | null = null) {
  const id = madeUp.signUpId()
  const stateHash = randomUUID()
  const expiresAt = new Date(clock.now().getTime() + VALID_MINUTES * MINUTE)
  await asFleet(store, (sql) => addSignUp(sql, { id, stateHash, invitedTenantId, validMinutes: VALID_MINUTES }))
  return { id, stateHash, expiresAt }
}
const take = (store: Store, stateHash: string) => asFleet(store, (sql) => takeSignUp(sql, { stateHash }))

forEachBackend(({ store: shared, freshStore, clock }) => {
  test('a sign-up begins with what is known, and nothing else', async () => {
    const store = await shared()
    const invitedTenantId = madeUp.tenantId()
    const { id, expiresAt } = await begin(store, clock, invitedTenantId)
    assert.deepEqual(await asFleet(store, (sql) => findSignUp(sql, id)), {
      id,
      state: 'begun',
      invitedTenantId,
      tenantId: null,
      administratorId: null,
      progress: [],
      diagnosis: null,
      createdAt: clock.now(),
      expiresAt,
      updatedAt: clock.now(),
    })
  })

  test('S03 of twenty who bring the same state at once, exactly one takes it', async () => {
    const store = await shared()
    const { stateHash } = await begin(store, clock)
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => take(store, stateHash)))
    assert.equal(outcomes.filter((outcome) => outcome === 'taken').length, 1)
    assert.equal(outcomes.filter((outcome) => outcome === 'used').length, 19)
  })

  test('S01 a state that nobody began is unknown', async () => {
    assert.equal(await take(await shared(), randomUUID()), 'unknown')
  })

  test('a state is good until its last millisecond and not in the next', async () => {
    const store = await shared()
    const [early, late] = [await begin(store, clock), await begin(store, clock)]
    clock.pass(VALID_MINUTES * MINUTE - 1)
    assert.equal(await take(store, early.stateHash), 'taken')
    clock.pass(1)
    assert.equal(await take(store, late.stateHash), 'expired')
    assert.equal(await take(store, early.stateHash), 'used')
  })

  test('a change leaves alone what it does not name, and takes a diagnosis away only when told to', async () => {
    const store = await shared()
    const { id } = await begin(store, clock)
    const change = (with_: Parameters<typeof updateSignUp>[2]) =>
      asFleet(store, async (sql) => {
        await updateSignUp(sql, id, with_)
        return findSignUp(sql, id)
      })
    const [tenantId, administratorId] = [madeUp.tenantId(), madeUp.objectId()]
    const progress = [{ text: 'Grant User.Read.All', state: 'running' as const }]
    await change({ state: 'signed-in', tenantId, administratorId })
    const failed = await change({ state: 'failed', progress, diagnosis: aDiagnosis() })
    assert.deepEqual(
      { ...failed, expiresAt: null },
      {
        id,
        state: 'failed',
        invitedTenantId: null,
        tenantId,
        administratorId,
        progress,
        diagnosis: aDiagnosis(),
        createdAt: clock.now(),
        updatedAt: clock.now(),
        expiresAt: null,
      },
    )
    assert.deepEqual((await change({ state: 'granting' }))?.diagnosis, aDiagnosis())
    const again = await change({ diagnosis: null })
    assert.equal(again?.diagnosis, null)
    assert.equal(again?.state, 'granting')
    assert.deepEqual(again?.progress, progress)
  })

  test('only the transaction of its own tenant can connect a sign-up', async () => {
    const store = await shared()
    const { id } = await begin(store, clock)
    const tenantId = madeUp.tenantId()
    await asFleet(store, (sql) => updateSignUp(sql, id, { state: 'verifying', tenantId }))
    await asTenant(store, madeUp.tenantId(), (sql) => connectSignUp(sql, id))
    assert.equal((await asFleet(store, (sql) => findSignUp(sql, id)))?.state, 'verifying')
    assert.equal(await asTenant(store, tenantId, (sql) => connectSignUp(sql, id)), 'connected')
    assert.equal((await asFleet(store, (sql) => findSignUp(sql, id)))?.state, 'connected')
  })

  test('T12 what is connected stays so, whoever still says otherwise; how far it came may be told to the end', async () => {
    const store = await shared()
    const { id } = await begin(store, clock)
    const tenantId = madeUp.tenantId()
    const change = (with_: Parameters<typeof updateSignUp>[2]) => asFleet(store, (sql) => updateSignUp(sql, id, with_))
    assert.equal(await change({ state: 'verifying', tenantId }), 'changed')
    await asTenant(store, tenantId, (sql) => connectSignUp(sql, id))
    assert.equal(await asTenant(store, tenantId, (sql) => connectSignUp(sql, id)), 'connected-already')
    for (const state of ['granting', 'verifying', 'failed'] as const)
      assert.equal(await change({ state, diagnosis: aDiagnosis() }), 'connected-already', state)
    const progress = [{ text: 'Connect your organisation', state: 'done' as const }]
    assert.equal(await change({ progress }), 'changed')
    const found = await asFleet(store, (sql) => findSignUp(sql, id))
    assert.deepEqual([found?.state, found?.diagnosis, found?.progress], ['connected', null, progress])
  })

  test('A06 what nobody came back for goes away; what was used stays a week', async (t) => {
    const store = await freshStore(t, { clock })
    const [left, used] = [await begin(store, clock), await begin(store, clock)]
    await take(store, used.stateHash)
    await asFleet(store, (sql) => updateSignUp(sql, used.id, { state: 'connected' }))
    const look = () =>
      asFleet(store, async (sql) => {
        await removeExpiredSignUps(sql)
        return {
          left: (await findSignUp(sql, left.id)) !== null,
          used: (await findSignUp(sql, used.id)) !== null,
        }
      })
    assert.deepEqual(await look(), { left: true, used: true })
    clock.pass(VALID_MINUTES * MINUTE + 1)
    assert.deepEqual(await look(), { left: false, used: true })
    clock.pass(6 * DAY)
    assert.deepEqual(await look(), { left: false, used: true })
    clock.pass(DAY)
    assert.deepEqual(await look(), { left: false, used: false })
  })

  test('A06 the oldest that nobody came back for make room, never one that was taken', async (t) => {
    const store = await freshStore(t, { clock })
    const begun: Awaited<ReturnType<typeof begin>>[] = []
    for (let count = 0; count < 6; count++) {
      begun.push(await begin(store, clock))
      clock.pass(1)
    }
    await take(store, begun[0]?.stateHash ?? '')
    const present = () =>
      asFleet(store, (sql) => Promise.all(begun.map(async ({ id }) => (await findSignUp(sql, id)) !== null)))
    const makeRoom = (most: number) => asFleet(store, (sql) => makeRoomForSignUp(sql, { most }))
    await makeRoom(6)
    assert.deepEqual(await present(), [true, true, true, true, true, true])
    await Promise.all([makeRoom(4), makeRoom(4), makeRoom(4)])
    assert.deepEqual(await present(), [true, false, false, true, true, true])
  })
})
