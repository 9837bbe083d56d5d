import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql as raw } from 'kysely'
import type { ObjectId } from '#model/ids.ts'
import type { ChangePage, DirectoryResource } from '#model/resource.ts'
import { asTenant } from '#store/database/open.ts'
import {
  countResources,
  insertPages,
  isOfTheData,
  listResources,
  newestResources,
  removeGone,
  removeResources,
} from '#store/resources.ts'
import { latestRun, recordPage, startRun } from '#store/sync-runs.ts'
import { forEachBackend } from '#test/support/backends.ts'
import { MINUTE } from '#test/support/hand-clock.ts'
import { aResource, madeUp } from '#test/support/made-up.ts'
import { upsertResources } from '#test/support/upsert-resources.ts'

const NONE = { organization: 0, subscribedSku: 0, user: 0, group: 0, servicePrincipal: 0 }

const page = (value: string) => Buffer.from(`{"value":${value}}`)
const asItCame = (bytes: Uint8Array): ChangePage => ({
  asItCame: bytes,
  changes: () => assert.fail('it was to pass'),
  free: () => {},
  nextLink: null,
  deltaLink: null,
})

forEachBackend(({ store: shared, clock }) => {
  test('a page that is written twice stands there once, with the later properties', async () => {
    const store = await shared()
    const tenantId = madeUp.tenantId()
    const [ada, bob] = [aResource('user', 'Ada'), aResource('user', 'Bob')]
    await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), [ada, bob]))
    const later = { ...bob, displayName: 'Robert', properties: { id: bob.id, displayName: 'Robert', mail: null } }
    await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), [later, ada]))
    const stored = await asTenant(store, tenantId, (sql) => listResources(sql, { kind: 'user', limit: 10 }))
    assert.deepEqual(
      stored,
      [ada, later].sort((left, right) => (left.id < right.id ? -1 : 1)),
    )
  })

  test('any text that a directory may hold is stored, and comes back as it was where PostgreSQL can hold it', async () => {
    const store = await shared()
    const unit = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3 }),
      fc.constantFrom('\0', '\ud83d', '\udc00', '\\u0000'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(unit, { maxLength: 8 }), { maxLength: 20 }), async (names) => {
        const tenantId = madeUp.tenantId()
        const page = names.map((parts) => aResource('group', parts.join('')))
        await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), page))
        const stored = await asTenant(store, tenantId, (sql) => listResources(sql, { kind: 'group', limit: 100 }))
        const expected = page.map((one) => {
          const displayName = (one.displayName ?? '').toWellFormed().replaceAll('\0', '\ufffd')
          return { ...one, displayName, properties: { ...one.properties, displayName } }
        })
        assert.deepEqual(new Map(stored.map((one) => [one.id, one])), new Map(expected.map((one) => [one.id, one])))
      }),
      { numRuns: 60 },
    )
  })

  test('pages as they came are stored all, or refused for their data when anything in them is no object', async () => {
    const store = await shared()
    const tenantId = madeUp.tenantId()
    const id = madeUp.objectId
    const insert = (...pages: readonly Uint8Array[]) =>
      asTenant(store, tenantId, (sql) =>
        insertPages(sql, { kind: 'user', key: 'id', generation: madeUp.generationId() }, pages.map(asItCame)),
      )
    const good = [`[{"id":"${id()}","displayName":"Ω"},{"id":"${id()}"}]`, '[]', `[{"id":"${id()}"}]`].map(page)
    assert.equal(await insert(...good), 3)
    const bad = [
      '[{}]',
      '[7]',
      '[[]]',
      '[null]',
      '[{"id":7}]',
      '[{"id":"no guid"}]',
      '[{"id":null}]',
      '{}',
      '[{"id":',
      `[{"id":"${id()}","displayName":"\\u0000"}]`,
    ].map(page)
    const noText = Buffer.concat([page('[{"id":"'), Buffer.from([0xff, 0xfe])])
    for (const odd of [...bad, noText, good[0] as Buffer])
      await assert.rejects(insert(page(`[{"id":"${id()}"}]`), odd), isOfTheData, odd.toString())
    assert.equal((await asTenant(store, tenantId, countResources)).user, 3)
  })

  test('what is looked for by its kind is found without a look at all people', async () => {
    const store = await shared()
    const tenantId = madeUp.tenantId()
    const many = Array.from({ length: 3_000 }, (_, index) => aResource('user', `Person ${index}`))
    const few = [aResource('group', 'All'), aResource('servicePrincipal', 'App'), aResource('subscribedSku', 'E5')]
    const generation = madeUp.generationId()
    await asTenant(store, tenantId, (sql) => upsertResources(sql, generation, [...many, ...few]))
    await raw`analyze tenantry.resources`.execute(store.kysely)
    for (const kind of ['group', 'servicePrincipal', 'subscribedSku'])
      for (const question of [
        raw`select id from tenantry.resources where kind = ${kind} order by id limit 100`,
        raw`delete from tenantry.resources where kind = ${kind} and generation <> ${generation}`,
      ]) {
        const { rows } = await asTenant(store, tenantId, ({ db }) => raw`explain ${question}`.execute(db))
        assert.match(JSON.stringify(rows), /resources_but_people/, kind)
      }
  })

  test('a page and its counters are saved together or not at all', async () => {
    const store = await shared()
    const tenantId = madeUp.tenantId()
    const [runId, generation] = [madeUp.runId(), madeUp.generationId()]
    await asTenant(store, tenantId, (sql) => startRun(sql, { id: runId }))
    const page = [aResource('user', 'Ada'), aResource('user', 'Bob')]
    const savePage = (fault?: Error) =>
      asTenant(store, tenantId, async (sql) => {
        await upsertResources(sql, generation, page)
        await recordPage(sql, runId, { kind: 'user', count: page.length })
        if (fault) throw fault
      })
    await assert.rejects(savePage(new Error('the process is torn away')), /torn away/)
    assert.deepEqual(await asTenant(store, tenantId, countResources), { ...NONE, user: 0, group: 0 })
    assert.equal((await asTenant(store, tenantId, latestRun))?.pages, 0)

    await savePage()
    assert.deepEqual(await asTenant(store, tenantId, countResources), { ...NONE, user: 2, group: 0 })
    const run = await asTenant(store, tenantId, latestRun)
    assert.deepEqual([run?.pages, run?.users, run?.groups], [1, 2, 0])
  })

  test('what the run did not see is removed, of its own kind and tenant only', async () => {
    const store = await shared()
    const [ours, other] = [madeUp.tenantId(), madeUp.tenantId()]
    const [stays, goes, group] = [aResource('user', 'Stays'), aResource('user', 'Goes'), aResource('group', 'Group')]
    for (const tenantId of [ours, other])
      await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), [stays, goes, group]))
    const run = madeUp.generationId()
    await asTenant(store, ours, (sql) => upsertResources(sql, run, [stays]))
    assert.deepEqual(
      await asTenant(store, ours, (sql) =>
        removeGone(sql, { kind: 'user', key: 'id', generation: run }, { unseen: true }),
      ),
      { objects: 1, memberships: 0 },
    )
    assert.deepEqual(await asTenant(store, ours, countResources), { ...NONE, user: 1, group: 1 })
    assert.deepEqual(await asTenant(store, other, countResources), { ...NONE, user: 2, group: 1 })
    assert.equal(await asTenant(store, ours, (sql) => removeResources(sql, 1)), 'some')
    assert.equal(await asTenant(store, ours, (sql) => removeResources(sql, 1)), 'some')
    assert.equal(await asTenant(store, ours, removeResources), 'all')
    assert.deepEqual(await asTenant(store, ours, countResources), { ...NONE, user: 0, group: 0 })
    assert.deepEqual(await asTenant(store, other, countResources), { ...NONE, user: 2, group: 1 })
  })

  test('lists read on behind an object without gap or repetition; the newest arrivals come first', async () => {
    const store = await shared()
    const tenantId = madeUp.tenantId()
    const early = Array.from({ length: 7 }, (_, index) => aResource('user', `Early ${index}`))
    await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), early))
    clock.pass(MINUTE)
    const late = aResource('user', 'Late')
    const known = { ...(early[0] as DirectoryResource), displayName: 'Early, changed' }
    await asTenant(store, tenantId, (sql) => upsertResources(sql, madeUp.generationId(), [late, known]))

    const read: ObjectId[] = []
    for (let after: ObjectId | undefined; ; ) {
      const page = await asTenant(store, tenantId, (sql) =>
        listResources(sql, { kind: 'user', limit: 3, ...(after ? { after } : {}) }),
      )
      read.push(...page.map(({ id }) => id))
      after = page.at(-1)?.id
      if (!after) break
    }
    assert.deepEqual(read, [...early, late].map(({ id }) => id).sort())
    const newest = await asTenant(store, tenantId, (sql) => newestResources(sql, 'user', 2))
    assert.equal(newest[0]?.displayName, 'Late', 'an object that was known is no new arrival')
    assert.equal(newest.length, 2)
  })
})
