import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { DEMO } from '#emulator/index.ts'
import { addAudit, listAudit } from '#store/audit.ts'
import { asFleet, asTenant, openStore } from '#store/database/open.ts'
import { silentLog } from '#test/support/backends.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { FABRIKAM } from '#test/support/installation.ts'
import { aTenant } from '#test/support/made-up.ts'
import { openPooler, WITHOUT_POOLER } from '#test/support/pooler.ts'
import { freshDatabase, withClient } from '#test/support/postgres.ts'
import { runTenantry, startTenantry } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'
import { until } from '#test/support/until.ts'

const operations = readFileSync('docs/operations.md', 'utf8')
/** As docs/operations.md says. */
const block = (language: string, about: RegExp): string =>
  [...operations.matchAll(new RegExp(`\`\`\`${language}\\n([^\`]+)\`\`\``, 'g'))]
    .map(([, text = '']) => text)
    .find((text) => about.test(text)) ?? assert.fail(`docs/operations.md has no ${about}`)
const SETTINGS = block('ini', /pool_mode/)
const ONCE = block('sql', /alter database/)

suite('with PgBouncer in transaction mode, set up as the documents say', { skip: WITHOUT_POOLER }, () => {
  const scope = suiteScope()
  let place: Deployment
  let direct: string
  before(async () => {
    direct = await freshDatabase()
    const name = new URL(direct).pathname.slice(1)
    await withClient(direct, (client) => client.query(ONCE.replace('database tenantry', `database ${name}`)))
    const pooled = await openPooler(scope, direct, `${SETTINGS}default_pool_size = 3`)
    place = await openDeployment(scope, { settings: { TENANTRY_DATABASE_URL: pooled } })
    const migrated = await place.run('migrate')
    assert.equal(migrated.code, 0, migrated.stderr)
  })
  const atTheServer = () => ({ ...place.settings, TENANTRY_DATABASE_URL: direct })

  test('without these settings it is told what to set', async (t) => {
    const unprepared = await openPooler(t, direct, 'pool_mode = transaction')
    const { code, stderr } = await runTenantry({
      args: ['tenants', 'list'],
      env: { ...place.settings, TENANTRY_DATABASE_URL: unprepared },
    })
    assert.equal(code, 2)
    assert.match(stderr, /^DATABASE_UNREACHABLE: .+\(08P01\)\.[\s\S]+ignore the startup parameter idle_in_transaction/m)
  })

  test('the sites and commands work through it, and a worker beside it does what they ask for', async (t) => {
    await place.open('serve')
    await using store = await openStore({ databaseUrl: direct, dataDir: '', clock: systemClock, log: silentLog })
    const tenantId = await aTenant(store, { id: FABRIKAM })
    await place.emulator.directory.addServicePrincipal({ tenant: tenantId, app: DEMO.appId })
    for (const permission of ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'])
      await place.emulator.directory.grantPermission({ tenant: tenantId, app: DEMO.appId, permission })
    const worker = startTenantry({ args: ['work'], env: atTheServer() })
    t.after(() => worker.stop())
    await worker.says(/the worker is at work/)
    for (const change of ['pause', 'resume']) {
      const { code, stderr } = await place.run('tenants', change, '--tenant', tenantId)
      assert.equal(code, 0, stderr)
    }
    const { counts } = await until('the worker has read it', async () => {
      const story = await place.show(tenantId)
      return story.runs.some(({ state }) => state === 'succeeded') && story
    })
    assert.deepEqual(counts, { user: 1_200, group: 80 })
    assert.doesNotMatch(worker.said(), /LISTEN|not heard of/)
  })

  test('A02 tenants that work at the same time on a few lent connections never meet, and leave nothing on them', async () => {
    const { TENANTRY_DATABASE_URL: databaseUrl = '' } = place.settings
    await using store = await openStore({ databaseUrl, dataDir: '', clock: systemClock, log: silentLog })
    const tenants = await Promise.all(Array.from({ length: 4 }, () => aTenant(store)))
    for (const tenantId of tenants)
      await asTenant(store, tenantId, (handle) => addAudit(handle, { tenantId, actor: 'daemon', action: 'theirs' }))
    await Promise.all(
      Array.from({ length: 120 }, async (_, index) => {
        const tenantId = tenants[index % tenants.length] as (typeof tenants)[number]
        if (index % 3 === 0) await asFleet(store, (handle) => listAudit(handle, { limit: 1 }))
        const seen = await asTenant(store, tenantId, (handle) => listAudit(handle, { limit: 100 }))
        assert.deepEqual(new Set(seen.map((line) => line.tenantId)), new Set([tenantId]))
        const { rows } = await sql`
          select current_user <> session_user as role, nullif(current_setting('tenantry.tenant_id', true), '') as tenant,
            current_setting('idle_in_transaction_session_timeout') as patience`.execute(store.kysely)
        assert.deepEqual(rows, [{ role: false, tenant: null, patience: '30s' }])
      }),
    )
  })
})
