import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '#config.ts'
import { startEmulator } from '#emulator/index.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import { aTenant } from '#test/support/made-up.ts'
import { refusedWith } from '#test/support/problem.ts'
import { root, runTenantry } from '#test/support/programs.ts'
import { openTools } from '#tools.ts'
import app from '../../examples/own-resource/tenantry.config.ts'
import { openTenantry } from '../../src/index.ts'

const example = join(root, 'examples', 'own-resource')
const ADATUM = '70000000-0000-4000-8000-000000000002' as TenantId
const CLIENT = '7a000000-0000-4000-8000-00000000000a'

test('the resource of examples/own-resource is read; its job, the command and a program of one’s own find it', async (t) => {
  const dataDir = temporaryFolder(t)
  const emulator = await startEmulator({ estate: join(example, 'estate.json'), dataDir: join(dataDir, 'emulator') })
  t.after(() => emulator.close())
  await emulator.directory.addServicePrincipal({ tenant: ADATUM, app: CLIENT })
  for (const { value } of app.permissions)
    await emulator.directory.grantPermission({ tenant: ADATUM, app: CLIENT, permission: value })
  const place = {
    TENANTRY_DATA_DIR: join(dataDir, 'tenantry'),
    TENANTRY_EMULATOR_ORIGIN: emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
  }
  const env = {
    ...place,
    TENANTRY_CLOUD: 'emulator',
    TENANTRY_CLIENT_ID: CLIENT,
    TENANTRY_HOME_TENANT_ID: '70000000-0000-4000-8000-000000000001',
    TENANTRY_CLIENT_SECRET: 'secret-of-an-example-that-opens-nothing',
  }
  layEmptyDatabase(place.TENANTRY_DATA_DIR)
  const { config } = readConfig(env, app)
  assert.ok(config)
  {
    await using tools = await openTools(config, { log: silentLog })
    await aTenant(tools.store, { id: ADATUM, displayName: 'Adatum' })
    await syncTenant(tools, { tenantId: ADATUM, signal: new AbortController().signal })
  }
  const command = (...args: string[]) =>
    runTenantry({
      args: [...args, '--tenant', ADATUM],
      env: { ...place, TENANTRY_SETTINGS_FILE: 'settings.env' },
      cwd: example,
    })
  const ran = await command('run', 'open-registrations')
  assert.deepEqual([ran.code, ran.stdout], [0, 'open-registrations in Adatum: done.\n'], ran.stderr)
  const { stdout } = await command('tenants', 'show')
  assert.match(stdout, /Stored: 3 app registrations\./)
  assert.match(stdout, /1 of 3 registrations are open to other organisations/)

  await using tenantry = await openTenantry({ app, env: { ...env, TENANTRY_LOG_LEVEL: 'silent' } })
  const { resources, readAt } = tenantry.forTenant(ADATUM)
  assert.ok((await readAt('application')) instanceof Date)
  const found = (await Array.fromAsync(resources('application'))).map(({ displayName }) => `${displayName}`)
  assert.deepEqual(found.toSorted(), ['Dealers', 'Payroll', 'Warehouse'])
  const misspelt = await refusedWith('RESOURCE_UNKNOWN', () => resources('aplication').next())
  assert.match(misspelt.nextStep, /^Did you mean application\?$/)
})
