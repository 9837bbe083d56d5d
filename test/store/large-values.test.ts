import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { openStore } from '#store/database/open.ts'
import { isOfTheData } from '#store/resources.ts'
import { silentLog } from '#test/support/backends.ts'
import { freshDatabase } from '#test/support/postgres.ts'

const open = async () =>
  openStore({ databaseUrl: await freshDatabase(), dataDir: '', clock: systemClock, log: silentLog })

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

test('bytes of any size arrive as they are, wherever they stand among other values', async () => {
  await using store = await open()
  const sizes = [0, 1, 65_535, 65_536, 200_000, 5_000_001]
  await Promise.all(
    sizes.flatMap((size) =>
      sizes.map(async (other) => {
        const [first, last] = [randomBytes(size), randomBytes(other)]
        const { rows } = await raw`
          select md5(${first}::bytea) as first, ${'später'}::text as text, ${null}::text as nothing, ${7}::int as number,
            ${['a', 'b']}::text[] as list, md5(${last}::bytea) as last`.execute(store.kysely)
        const expected = {
          first: md5(first),
          text: 'später',
          nothing: null,
          number: 7,
          list: ['a', 'b'],
          last: md5(last),
        }
        assert.deepEqual(rows, [expected], `${size} and ${other} bytes`)
      }),
    ),
  )
})

test('of a large value that is refused nothing is kept, and its connection goes on', async () => {
  await using store = await open()
  await raw`create table kept (page jsonb)`.execute(store.kysely)
  const good = Buffer.from(JSON.stringify({ text: 'x'.repeat(100_000) }))
  const put = (page: Buffer) =>
    store.kysely.transaction().execute(async (db) => {
      await raw`insert into kept values (convert_from(${good}, 'UTF8')::jsonb)`.execute(db)
      await raw`insert into kept values (convert_from(${page}, 'UTF8')::jsonb)`.execute(db)
    })
  const pages = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? good : good.subarray(0, 90_000)))
  const outcomes = await Promise.allSettled(pages.map(put))
  for (const [index, outcome] of outcomes.entries()) {
    assert.equal(outcome.status, index % 2 === 0 ? 'fulfilled' : 'rejected')
    if (outcome.status === 'rejected') assert.ok(isOfTheData(outcome.reason), String(outcome.reason))
  }
  const { rows } = await raw`select count(*)::int as count from kept`.execute(store.kysely)
  assert.deepEqual(rows, [{ count: 40 }])
})
