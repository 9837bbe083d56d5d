import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEMO, startEmulator } from '#emulator/index.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import { refusedWith } from '#test/support/problem.ts'
import { ConfigurationError, defineApp, openTenantry } from '../src/index.ts'

const app = defineApp({
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads.',
  permissions: [{ value: 'User.Read.All', reason: 'Reads the names.' }],
})

test('a program of one’s own learns what went wrong, who mends it and what to do, of each request by itself', async (t) => {
  const dataDir = temporaryFolder(t)
  layEmptyDatabase(dataDir)
  const emulator = await startEmulator({ dataDir })
  t.after(() => emulator.close())
  await emulator.directory.addServicePrincipal({ tenant: DEMO.fabrikam, app: DEMO.appId })
  await emulator.directory.grantPermission({ tenant: DEMO.fabrikam, app: DEMO.appId, permission: 'User.Read.All' })
  const env = {
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_CLIENT_ID: DEMO.appId,
    TENANTRY_HOME_TENANT_ID: DEMO.home,
    TENANTRY_CLIENT_SECRET: DEMO.secret,
    TENANTRY_DATA_DIR: dataDir,
    TENANTRY_EMULATOR_ORIGIN: emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
  }
  await using tenantry = await openTenantry({ app, env })
  const { graph, diagnose } = tenantry.forTenant(DEMO.fabrikam)
  const failed = (path: string) =>
    graph
      .api(path)
      .get()
      .then(() => assert.fail(path), diagnose)
  const [elsewhere, refused, gone, nothing] = await Promise.all([
    failed('https://graph.example/v1.0/users'),
    failed('/groups'),
    failed('/users/99999999-9999-4999-8999-999999999999'),
    failed('https://login.example/v1.0/users'),
  ])
  assert.equal(elsewhere.code, 'ORIGIN_REFUSED')
  assert.match(elsewhere.message, /graph\.example/)
  assert.match(nothing.message, /login\.example/)
  assert.deepEqual([refused.code, refused.owner], ['PERMISSION_MISSING', 'customer-administrator'])
  assert.equal(gone.code, 'NOT_FOUND')

  const stranger = tenantry.forTenant(DEMO.contoso)
  const thrown = await stranger.graph
    .api('/users')
    .get()
    .then(() => null, stranger.diagnose)
  assert.deepEqual([thrown?.code, thrown?.owner], ['SERVICE_PRINCIPAL_MISSING', 'customer-administrator'])
  assert.ok(thrown?.nextStep)
  await refusedWith('TENANT_UNKNOWN', () => tenantry.forTenant('fabrikam.example'))
})

test('what is wrong with the settings is told all at once', async () => {
  await assert.rejects(openTenantry({ app, env: {} }), (error) => {
    assert.ok(error instanceof ConfigurationError)
    assert.deepEqual(error.mistakes.map(({ setting }) => setting).toSorted(), [
      'TENANTRY_CLIENT_ID',
      'TENANTRY_CLIENT_SECRET',
      'TENANTRY_HOME_TENANT_ID',
    ])
    return true
  })
})
