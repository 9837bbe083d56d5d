import assert from 'node:assert/strict'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { DEMO } from '#emulator/index.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { freePort } from '#test/support/ports.ts'
import { type Ended, runTenantry, startTenantry } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

const APP = {
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads.',
  permissions: [{ value: 'User.Reed.All', reason: 'Reads the names.' }],
}
const DAYS_BEYOND_ANY_SECRET = 10 * 365

suite('a wrong configuration is told in words, at once, with exit code 2', () => {
  const scope = suiteScope()
  let place: Deployment
  before(async () => {
    place = await openDeployment(scope)
    writeFileSync(join(place.folder, 'tenantry.config.mjs'), `export default ${JSON.stringify(APP)}\n`)
  })

  /** Starts it wrongly configured; one that opens its doors all the same is stopped, and has the wrong exit code. */
  const dev = async (settings: Record<string, string>, { cwd }: { cwd?: string } = {}): Promise<Ended> => {
    const program = startTenantry({ args: ['dev'], env: { ...place.settings, ...settings }, ...(cwd ? { cwd } : {}) })
    await Promise.race([program.ended, program.says(/are open/).then(program.stop, () => {})])
    return program.ended
  }

  test('an option that a command does not have is refused, whoever else has it', async () => {
    for (const args of [
      ['serve', '--from-embedded'],
      ['work', '--json'],
      ['doctor', '--from-embedded'],
    ]) {
      const { code, stderr } = await runTenantry({ args, env: { ...place.settings, TENANTRY_LANDING_PORT: 'many' } })
      assert.match(stderr, new RegExp(`unknown option '${args[1]}'`))
      assert.equal(code, 2)
    }
  })

  test('missing ids, a port that is none, an unreachable database, an unknown permission: all together', async () => {
    const databaseUrl = `postgres://tenantry:canary-of-a-password@127.0.0.1:${await freePort()}/tenantry`
    const ended = await dev(
      {
        TENANTRY_CLIENT_ID: '',
        TENANTRY_HOME_TENANT_ID: 'northwind',
        TENANTRY_LANDING_PORT: 'many',
        TENANTRY_DATABASE_URL: databaseUrl,
      },
      { cwd: place.folder },
    )
    assertMistakes(ended, [
      ['TENANTRY_CLIENT_ID', /is missing/],
      ['TENANTRY_HOME_TENANT_ID', /must be a GUID/],
      ['TENANTRY_LANDING_PORT', /must be a port number/],
      ['TENANTRY_DATABASE_URL', /./],
      ['tenantry.config.ts › permissions › User.Reed.All', /is not an application permission/],
    ])
    assert.match(ended.stderr, /Did you mean User\.Read\.All\?/)
    assert.ok(!ended.stderr.includes('canary-of-a-password'))
  })

  test('a data folder that cannot be made', async () => {
    for (const dataDir of ['/proc/none', '/proc/none/deeper', '/dev/null/below']) {
      const { code, stderr } = await dev({ TENANTRY_DATA_DIR: dataDir })
      assert.equal(code, 2, stderr)
      assert.match(stderr, /CONFIGURATION_INVALID: The data folder \S+ cannot be made or written to \(E[A-Z]+\)/)
      assert.match(stderr, /Next step: +Set TENANTRY_DATA_DIR/)
    }
  })

  test('a wrong secret and an unknown permission: both', async () => {
    const ended = await dev({ TENANTRY_CLIENT_SECRET: 'canary-of-a-secret' }, { cwd: place.folder })
    assertMistakes(ended, [
      ['TENANTRY_CLIENT_SECRET', /secret/],
      ['tenantry.config.ts › permissions › User.Reed.All', /is not an application permission/],
    ])
    assert.ok(!ended.stderr.includes('canary-of-a-secret'))
  })

  test('R08: an expired secret says that it has expired', async () => {
    place.emulator.clock.advance({ days: DAYS_BEYOND_ANY_SECRET })
    const ended = await dev({})
    place.emulator.clock.reset()
    assertMistakes(ended, [['TENANTRY_CLIENT_SECRET', /expired/]])
  })

  test('a home tenant that does not exist, and an app that it does not know', async () => {
    const noTenant = await dev({ TENANTRY_HOME_TENANT_ID: '99999999-9999-4999-8999-999999999999' })
    assertMistakes(noTenant, [['TENANTRY_HOME_TENANT_ID', /knows no such tenant/]])
    const noApp = await dev({ TENANTRY_CLIENT_ID: '99999999-9999-4999-8999-999999999999' })
    assertMistakes(noApp, [['TENANTRY_CLIENT_ID', /knows no application/]])
  })

  test('a folder without tenantry.config.ts', async () => {
    const cwd = join(place.folder, 'empty')
    mkdirSync(cwd)
    assertMistakes(await dev({}, { cwd }), [['tenantry.config.ts', /is missing/]])
  })

  test('a module in a package that says it is CommonJS, as npm init does', async () => {
    const cwd = join(place.folder, 'commonjs')
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ type: 'commonjs' }))
    for (const head of ["import 'node:os'\n", '']) {
      writeFileSync(join(cwd, 'tenantry.config.ts'), `${head}export default ${JSON.stringify(APP)}\n`)
      const ended = await dev({}, { cwd })
      assertMistakes(ended, [['tenantry.config.ts', /cannot be loaded/]])
      assert.match(ended.stderr, /npm pkg set type=module/)
    }
    renameSync(join(cwd, 'tenantry.config.ts'), join(cwd, 'tenantry.config.mts'))
    assertMistakes(await dev({}, { cwd }), [['tenantry.config.ts › permissions › User.Reed.All', /./]])
  })

  test('a second process on the same folder, and on the same port', async () => {
    const program = await place.open('dev')
    const second = await dev({})
    assert.equal(second.code, 2)
    assert.match(second.stderr, /^DATA_FOLDER_IN_USE: /m)
    const samePort = await dev({ TENANTRY_DATA_DIR: join(place.folder, 'another') })
    assert.equal(samePort.code, 2)
    assert.match(samePort.stderr, /Nothing can listen on .*TENANTRY_LANDING_PORT/s)
    assert.equal(await program.stop(), 0)
  })

  test('tenantry doctor says the same without starting anything, and that all is well', async () => {
    const well = await place.run('doctor')
    assert.equal(well.code, 0, well.stderr)
    assert.match(well.stdout, /^Everything is in order\.$/m)
    assert.match(well.stdout, /^ {2}Reads +organization, .*user, group\b/m)
    assert.match(well.stdout, /^ {2}Jobs +none of its own$/m)
    const wrong = await runTenantry({
      args: ['doctor', '--json'],
      env: { ...place.settings, TENANTRY_CLIENT_SECRET: 'canary-of-a-secret' },
    })
    assert.equal(wrong.code, 2)
    const { mistakes } = JSON.parse(wrong.stdout) as { mistakes: { setting: string }[] }
    assert.deepEqual(
      mistakes.map(({ setting }) => setting),
      ['TENANTRY_CLIENT_SECRET'],
    )
    assert.ok(!wrong.stdout.includes('canary-of-a-secret'))
  })

  test('a tenant that nobody has signed up', async () => {
    await place.run('migrate')
    const { code, stderr } = await place.run('tenants', 'show', '--tenant', DEMO.contoso)
    assert.equal(code, 1)
    assert.match(stderr, /^TENANT_UNKNOWN: /)
  })
})

/** Exactly these settings are named, each with its message and a next step. */
function assertMistakes(
  { code, stderr }: Ended,
  wanted: readonly (readonly [setting: string, message: RegExp])[],
): void {
  assert.equal(code, 2, stderr)
  const told = [...stderr.matchAll(/^ {2}(\S.*?): (.+)\n {4}→ (.+)$/gm)]
  assert.deepEqual(new Set(told.map(([, setting]) => setting)), new Set(wanted.map(([setting]) => setting)), stderr)
  for (const [setting, message] of wanted)
    assert.match(told.find(([, name]) => name === setting)?.[2] ?? '', message, setting)
}
