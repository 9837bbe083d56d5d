import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { assertNode, OLDEST_NODE } from '#bin/node-version.ts'
import { DEMO } from '#emulator/index.ts'
import { temporaryFolder } from '#test/support/backends.ts'
import { type Deployment, openDeployment } from '#test/support/deployment.ts'
import { refusedWith } from '#test/support/problem.ts'
import { type Program, root, runTenantry } from '#test/support/programs.ts'
import { suiteScope } from '#test/support/suite-scope.ts'

/** Longer than the test: whoever waits for the answer goes before it comes. */
const NEVER_MILLISECONDS = 600_000
const TENANTRY = join(root, 'src/bin/tenantry.ts')

suite('a command that a running process does', () => {
  const scope = suiteScope()
  let place: Deployment
  let program: Program
  before(async () => {
    place = await openDeployment(scope)
    const { directory } = place.emulator
    await directory.addServicePrincipal({ tenant: DEMO.fabrikam, app: DEMO.appId })
    await directory.grantPermission({ tenant: DEMO.fabrikam, app: DEMO.appId, permission: 'User.Read.All' })
    program = await place.open('dev')
  })

  const PRINT_USERS = ['run', 'print-users', '--tenant', DEMO.fabrikam] as const
  const printUsers = async () => {
    const command = place.start(...PRINT_USERS)
    await command.says(/Claims of the app-only token/)
    return command
  }

  test('goes on to its end when nobody reads what it says', async () => {
    const child = spawn(process.execPath, [TENANTRY, ...PRINT_USERS], {
      cwd: root,
      env: { ...process.env, ...place.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdout.destroy()
    const [code] = await once(child, 'exit')
    assert.deepEqual([code, stderr], [0, ''])
  })

  test('is any that works with tenants, as no other process can open the database meanwhile', async () => {
    for (const command of [
      ['tenants', 'list'],
      ['grants', 'plan', '--tenant', DEMO.fabrikam],
      ['jobs', 'list'],
      ['incidents', 'list'],
      ['credentials', 'list'],
      ['resources', 'forget', 'device'],
    ]) {
      const { code, stderr } = await place.run(...command, '--json')
      assert.equal(code, 0, `${command.join(' ')}: ${stderr}`)
    }
  })

  test('ends in words and with exit code 1 when somebody presses Ctrl-C, and when that process is killed', async () => {
    place.emulator.mischief.add({ at: 'graph', match: { path: '/users$' }, delayMs: NEVER_MILLISECONDS })
    const stopped = await printUsers()
    stopped.signal('SIGINT')
    const { code, stderr } = await stopped.ended
    assert.deepEqual([code, stderr], [1, 'Stopped before it was done.\n'])

    const left = await printUsers()
    await program.kill()
    const ended = await left.ended
    assert.deepEqual([ended.code, ended.stderr], [1, 'The running process went away before the command was done.\n'])
  })
})

test('a file of settings that is named and cannot be read stops the command, whatever else is set', async (t) => {
  const place = await openDeployment(t)
  const { code, stderr } = await runTenantry({
    args: ['doctor'],
    env: { ...place.settings, TENANTRY_SETTINGS_FILE: join(place.folder, 'prodution.env') },
  })
  assert.equal(code, 2)
  assert.match(stderr, /^CONFIGURATION_INVALID: The file of settings \S+prodution\.env cannot be read \(ENOENT\)\.$/m)
  const folder = await runTenantry({ args: ['doctor'], env: { ...place.settings, TENANTRY_SETTINGS_FILE: '/' } })
  assert.match(folder.stderr, /The file of settings \/ cannot be read \(EISDIR\)/)
  const file = join(place.folder, 'production.env')
  writeFileSync(file, 'TENANTRY_LOG_LEVEL=whisper\n')
  const { TENANTRY_LOG_LEVEL: _, ...settings } = place.settings
  const read = await runTenantry({ args: ['doctor'], env: { ...settings, TENANTRY_SETTINGS_FILE: file } })
  assert.match(read.stderr, /TENANTRY_LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent/)
})

test('what cannot be written is told, and is no success', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const child = spawn(process.execPath, [TENANTRY, '--help'], {
    cwd: root,
    stdio: ['ignore', full, 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = await once(child, 'close')
  assert.deepEqual([code, stderr], [1, 'The output cannot be written (ENOSPC).\n'])
})

test('--version tells the package’s, and the emulator’s options come from the emulator', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual(await runTenantry({ args: ['--version'], env: {} }), { code: 0, stdout: `${version}\n`, stderr: '' })
  const help = await runTenantry({ args: ['emulator', '--help'], env: {} })
  assert.equal(help.code, 0)
  assert.match(help.stdout, /--http-port <number>/)
})

test('a Node that is too old is told so, before a package stumbles', async () => {
  for (const version of ['20.20.2', '22.17.1']) await refusedWith('CONFIGURATION_INVALID', () => assertNode(version))
  for (const version of [OLDEST_NODE, '22.20.0', '24.0.0', process.versions.node]) assertNode(version)
})

test('what is kept compiled lies where nobody else can put anything; without a home nothing is kept, and nothing made', async (t) => {
  const folder = temporaryFolder(t)
  const [home, temporary] = [join(folder, 'home'), join(folder, 'temporary')]
  for (const made of [home, temporary]) mkdirSync(made)
  const version = (env: Record<string, string>) =>
    runTenantry({ args: ['--version'], env: { NODE_COMPILE_CACHE: '', TMPDIR: temporary, ...env } })
  assert.equal((await version({ HOME: home })).code, 0)
  const kept = join(home, '.cache/tenantry')
  assert.equal(statSync(kept).mode & 0o777, 0o700)
  assert.notEqual(readdirSync(kept, { recursive: true }).length, 0)
  for (const none of ['/proc', join(folder, 'nowhere'), '.', '']) {
    const { code, stderr } = await version({ HOME: none })
    assert.deepEqual([code, stderr], [0, ''], none)
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ['home', 'temporary'])
  assert.deepEqual(readdirSync(temporary), [])
})
