import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { openDeployment } from '#test/support/deployment.ts'
import { copyOfDatabase, seeingEverything, withClient } from '#test/support/postgres.ts'
import { runTenantry } from '#test/support/programs.ts'

const NEXT = '9999-of-the-next-release'

/** Every program that opens the database. */
const COMMANDS = [
  ['migrate'],
  ['serve'],
  ['work'],
  ['dev'],
  ['tenants', 'list'],
  ['run', 'sync-tenant', '--tenant', DEMO.fabrikam],
]

/** Every row and every table, in words. */
const everythingIn = async (databaseUrl: string): Promise<string> =>
  withClient(await seeingEverything(databaseUrl), async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname in ('tenantry', 'pgboss') order by 1`,
    )
    const told: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t order by 1`)
      told.push(`${name}: ${rows.map(({ text }) => text).join('\n')}`)
    }
    return told.join('\n')
  })

test('R07 no program of an older release touches what a newer one has written, and each says so; with the backup from before, all go on', async (t) => {
  const place = await openDeployment(t, { database: 'postgres' })
  const { databaseUrl } = place
  assert.ok(databaseUrl)
  assert.equal((await place.run('migrate')).code, 0)
  const backup = await copyOfDatabase(databaseUrl)
  await withClient(databaseUrl, async (client) => {
    await client.query(`insert into tenantry.kysely_migration (name, timestamp) values ($1, now()::text)`, [NEXT])
    await client.query('alter table tenantry.tenants add column of_the_next_release text')
  })
  const before = await everythingIn(databaseUrl)
  const all = await Promise.all(COMMANDS.map(async (args) => ({ args, ...(await place.run(...args)) })))
  for (const { args, code, stdout, stderr } of all) {
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, new RegExp(`newer than this program \\(${NEXT}\\)`), args.join(' '))
    assert.match(`${stdout}${stderr}`, /Start the release that wrote it, or a newer one/, args.join(' '))
  }
  assert.equal(await everythingIn(databaseUrl), before)
  const env = { ...place.settings, TENANTRY_DATABASE_URL: backup }
  assert.match((await runTenantry({ args: ['migrate'], env })).stdout, /^The schema is up to date/)
  assert.equal((await runTenantry({ args: ['tenants', 'list'], env })).stdout, 'No tenants.\n')
})
