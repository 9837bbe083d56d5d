import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sql as raw } from 'kysely'
import { forEachBackend } from '#test/support/backends.ts'

const document = readFileSync('docs/security.md', 'utf8')

forEachBackend(({ store }) => {
  test('docs/security.md says of every table what is in it and until when', async () => {
    const { rows } = await raw<{ table: string }>`
      select tablename as table from pg_tables where schemaname = 'tenantry' and tablename not like 'kysely_%'`.execute(
      (await store()).kysely,
    )
    const documented = [...document.matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)].map(([, table]) => table ?? '')
    assert.deepEqual(documented.sort(), rows.map(({ table }) => table).sort())
  })
})
