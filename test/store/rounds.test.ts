import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunId, TenantId } from '#model/ids.ts'
import { allowRemovals, type Cursor, listCursors, saveCursor } from '#store/cursors.ts'
import { asTenant, type Store } from '#store/database/open.ts'
import { openRounds } from '#store/rounds.ts'
import { latestRun, letRunWait, listRuns, recordPage } from '#store/sync-runs.ts'
import { triesOf } from '#store/tenants.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { HOUR, MINUTE } from '#test/support/hand-clock.ts'
import { aCursor, aTenant, madeUp } from '#test/support/made-up.ts'
import { seeingEverything, withClient } from '#test/support/postgres.ts'

const NEXT = 'https://graph.example/v1.0/users/delta?$deltatoken=two'

const statesOf = async (store: Store, tenantId: TenantId) =>
  (await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 10 }))).map(({ id, state }) => [id, state])

forEachBackend(({ name, store: shared, freshStore, clock }) => {
  test('runs of many tenants begin together, each with where it is to go on', async () => {
    const store = await shared()
    const [a, b, paused] = [await aTenant(store), await aTenant(store), await aTenant(store, { state: 'suspended' })]
    const [cursor, stranger] = [aCursor(), madeUp.tenantId()]
    await asTenant(store, a, (sql) => saveCursor(sql, cursor))
    const ids = new Map([a, b, paused, stranger].map((id) => [id, madeUp.runId()]))
    const rounds = openRounds(store)
    const begun = await Promise.all([...ids].map(([tenantId, runId]) => rounds.begin({ tenantId, runId })))
    assert.deepEqual(begun, [
      {
        state: 'active',
        run: { id: ids.get(a), resumed: false },
        at: clock.now(),
        cursors: [{ ...cursor, keptAt: clock.now() }],
      },
      { state: 'active', run: { id: ids.get(b), resumed: false }, at: clock.now(), cursors: [] },
      null,
      null,
    ])
    for (const id of [a, b]) {
      assert.deepEqual(await statesOf(store, id), [[ids.get(id), 'running']])
      assert.deepEqual(await asTenant(store, id, triesOf), { triedAt: clock.now(), restUntil: null, dueAt: null })
    }
    assert.deepEqual(await statesOf(store, paused), [])
  })

  test('G09 what an operator allows in the middle of a round stays allowed until a round has used it', async () => {
    const store = await shared()
    const tenantId = await aTenant(store)
    const isAllowed = async () => (await asTenant(store, tenantId, listCursors))[0]?.removalsAllowed
    const loaded = aCursor()
    await asTenant(store, tenantId, (sql) => saveCursor(sql, loaded))
    await asTenant(store, tenantId, (sql) => allowRemovals(sql, ['user']))
    await asTenant(store, tenantId, (sql) => saveCursor(sql, loaded))
    assert.equal(await isAllowed(), true)
    await asTenant(store, tenantId, (sql) => saveCursor(sql, loaded, { allowanceUsed: true }))
    assert.equal(await isAllowed(), false)

    const rounds = openRounds(store)
    const runId = madeUp.runId()
    const { cursors } = (await rounds.begin({ tenantId, runId })) ?? assert.fail()
    await asTenant(store, tenantId, (sql) => allowRemovals(sql, ['user']))
    const unchanged = cursors.map(({ kind, removalsAllowed }) => ({ kind, deltaLink: NEXT, removalsAllowed }))
    assert.ok(await rounds.succeed({ tenantId, runId, unchanged }))
    assert.equal(await isAllowed(), true, 'a round in which nothing has changed, and that had not heard of it')
  })

  test('R02 a run that began later fences off the one before it, and a waiting one goes on', async () => {
    const store = await shared()
    const rounds = openRounds(store)
    const [taken, waiting] = [await aTenant(store), await aTenant(store)]
    const [late, next, first] = [madeUp.runId(), madeUp.runId(), madeUp.runId()]
    await asTenant(store, taken, (sql) => saveCursor(sql, aCursor()))
    await Promise.all([
      rounds.begin({ tenantId: taken, runId: late }),
      rounds.begin({ tenantId: waiting, runId: first }),
    ])
    await asTenant(store, waiting, (sql) => letRunWait(sql, first, { refused: null }))
    clock.pass(MINUTE)
    const [other, again] = await Promise.all([
      rounds.begin({ tenantId: taken, runId: next }),
      rounds.begin({ tenantId: waiting, runId: madeUp.runId() }),
    ])
    assert.deepEqual(other?.run, { id: next, resumed: false })
    assert.deepEqual(again?.run, { id: first, resumed: true })
    assert.deepEqual(await statesOf(store, taken), [
      [next, 'running'],
      [late, 'interrupted'],
    ])
    const before = await asTenant(store, taken, listCursors)
    const unchanged = [{ kind: 'user' as const, deltaLink: NEXT, removalsAllowed: false }]
    const outcomes = await Promise.all([
      rounds.succeed({ tenantId: taken, runId: late, unchanged }),
      rounds.succeed({ tenantId: waiting, runId: first, unchanged: [] }),
    ])
    assert.deepEqual(outcomes, [false, true], 'who is late is told so, and spoils nothing for the others')
    assert.deepEqual(await asTenant(store, taken, listCursors), before)
    assert.equal((await asTenant(store, taken, latestRun))?.state, 'running')
  })

  test('a round without changes ends with its pages counted and the place to go on from moved', async () => {
    const store = await shared()
    const rounds = openRounds(store)
    const [a, b] = [await aTenant(store), await aTenant(store)]
    const [user, group] = [aCursor(), aCursor({ kind: 'group', counted: null })]
    for (const id of [a, b])
      await asTenant(store, id, async (sql) => {
        await saveCursor(sql, user)
        await saveCursor(sql, group)
      })
    const runId = madeUp.runId()
    await Promise.all([rounds.begin({ tenantId: a, runId }), rounds.begin({ tenantId: b, runId: madeUp.runId() })])
    await asTenant(store, a, (sql) => recordPage(sql, runId, { kind: 'group', count: 4 }))
    const keptAt = clock.now()
    clock.pass(HOUR)
    assert.ok(
      await rounds.succeed({
        tenantId: a,
        runId,
        unchanged: [{ kind: 'user', deltaLink: `${NEXT}\0`, removalsAllowed: true }],
      }),
    )
    const run = await asTenant(store, a, latestRun)
    assert.deepEqual([run?.state, run?.pages, run?.groups, run?.finishedAt], ['succeeded', 2, 4, clock.now()])
    const moved: Cursor = {
      ...user,
      deltaLink: `${NEXT}\uFFFD`,
      deltaAt: clock.now(),
      removedInRound: 0,
      removalsAllowed: false,
      finishedInRun: runId,
      keptAt: clock.now(),
    }
    const byKind = (cursors: readonly Cursor[]) => new Map(cursors.map((cursor) => [cursor.kind, cursor]))
    assert.deepEqual(byKind(await asTenant(store, a, listCursors)), byKind([moved, { ...group, keptAt }]))
    assert.deepEqual(
      byKind(await asTenant(store, b, listCursors)),
      byKind([
        { ...user, keptAt },
        { ...group, keptAt },
      ]),
    )
  })

  if (name === 'postgres')
    test('R04 a tenant that somebody has locked holds up no other that begins in the same moment', async (t) => {
      const store = await freshStore(t)
      const [held, free] = [await aTenant(store), await aTenant(store)]
      const rounds = openRounds(store)
      const begin = (tenantId: TenantId) => rounds.begin({ tenantId, runId: madeUp.runId() })
      await withClient(await seeingEverything(store.databaseUrl ?? ''), async (client) => {
        await client.query('begin')
        await client.query('select 1 from tenantry.tenants where id = $1 for update', [held])
        let isHeld = true
        const waits = begin(held).then((begun) => [isHeld, begun?.state])
        assert.equal((await begin(free))?.state, 'active')
        assert.equal((await begin(madeUp.tenantId())) ?? null, null)
        assert.equal((await statesOf(store, held)).length, 0)
        isHeld = false
        await client.query('rollback')
        assert.deepEqual(await waits, [false, 'active'])
      })
    })

  if (name === 'postgres')
    test('R02 processes that take the same tenants from each other end with one run for each, and in no deadlock among themselves', async (t) => {
      const store = await freshStore(t)
      const tenants = await Promise.all(Array.from({ length: 12 }, () => aTenant(store)))
      const processes = Array.from({ length: 4 }, () => openRounds(store))
      const begin = async (rounds: ReturnType<typeof openRounds>, tenantId: TenantId) => {
        const runId = madeUp.runId() as RunId
        const begun = await rounds.begin({ tenantId, runId })
        assert.equal(begun?.run.id, runId)
        return rounds.succeed({ tenantId, runId, unchanged: [] })
      }
      for (let turn = 0; turn < 5; turn++)
        await Promise.all(
          processes.flatMap((rounds, index) =>
            (index % 2 ? tenants : tenants.toReversed()).map((tenantId) => begin(rounds, tenantId)),
          ),
        )
      for (const tenantId of tenants) {
        const runs = await asTenant(store, tenantId, (sql) => listRuns(sql, { limit: 100 }))
        assert.equal(runs.length, 20)
        assert.deepEqual([...new Set(runs.map(({ state }) => state))].toSorted().at(-1), 'succeeded')
        assert.ok(!runs.some(({ state }) => state === 'running'))
      }
    })
})
