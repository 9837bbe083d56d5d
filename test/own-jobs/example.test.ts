import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '#config.ts'
import { startEmulator } from '#emulator/index.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { aTenant } from '#test/support/made-up.ts'
import { root, runTenantry } from '#test/support/programs.ts'
import { openTools, type Tools } from '#tools.ts'
import app from '../../examples/own-job/tenantry.config.ts'

const example = join(root, 'examples', 'own-job')
const ADATUM = '60000000-0000-4000-8000-000000000002' as TenantId
const CLIENT = '6a000000-0000-4000-8000-00000000000a'

test('the job of examples/own-job counts people by department, and says what has changed since', async (t) => {
  const dataDir = temporaryFolder(t)
  const emulator = await startEmulator({ estate: join(example, 'estate.json'), dataDir: join(dataDir, 'emulator') })
  t.after(() => emulator.close())
  await emulator.directory.addServicePrincipal({ tenant: ADATUM, app: CLIENT })
  for (const { value } of app.permissions)
    await emulator.directory.grantPermission({ tenant: ADATUM, app: CLIENT, permission: value })
  const env = {
    TENANTRY_SETTINGS_FILE: 'settings.env',
    TENANTRY_DATA_DIR: join(dataDir, 'tenantry'),
    TENANTRY_EMULATOR_ORIGIN: emulator.origin,
    TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
    TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
  }
  const { config } = readConfig(
    {
      ...env,
      TENANTRY_CLOUD: 'emulator',
      TENANTRY_CLIENT_ID: CLIENT,
      TENANTRY_HOME_TENANT_ID: '60000000-0000-4000-8000-000000000001',
      TENANTRY_CLIENT_SECRET: 'secret-of-an-example-that-opens-nothing',
    },
    app,
  )
  assert.ok(config)
  const withTools = async (work: (tools: Tools) => Promise<unknown>) => {
    await using tools = await openTools(config, { log: silentLog })
    await work(tools)
  }
  const command = (...args: string[]) => runTenantry({ args: [...args, '--tenant', ADATUM], env, cwd: example })
  await withTools(({ store }) => aTenant(store, { id: ADATUM, displayName: 'Adatum' }))
  const early = await command('run', 'headcount')
  assert.equal(early.code, 1)
  assert.match(early.stderr, /^JOB_FAILED: The people of this tenant have not all been read yet\.$/m)
  await withTools((tools) => syncTenant(tools, { tenantId: ADATUM, signal: new AbortController().signal }))
  const progress = async () => {
    const { stdout, stderr } = await command('tenants', 'show', '--json')
    assert.equal(stderr, '')
    return (JSON.parse(stdout) as { jobRuns: { progress: string }[] }).jobRuns.map((run) => run.progress)
  }
  for (const turn of [1, 2]) {
    const { code, stdout, stderr } = await command('run', 'headcount')
    assert.deepEqual([code, stdout], [0, 'headcount in Adatum: done.\n'], `${turn}: ${stderr}`)
  }
  const [second, first, before] = await progress()
  assert.equal(before, null)
  assert.match(first ?? '', /^Adatum: \d+ departments, none changed$/)
  assert.match(second ?? '', /^Adatum: \d+ departments, 0 changed$/)
})
