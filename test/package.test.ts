import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const place = mkdtempSync(join(tmpdir(), 'tenantry-package-'))
after(() => rmSync(place, { recursive: true, force: true }))
const outside = join(place, 'outside')
const installed = join(outside, 'node_modules', 'tenantry')

/** What stands in the folder of a project that keeps us under version control, and what does not. */
const LEFT_OUT = new Set(['node_modules', '.git', '.tenantry', 'dist', 'artefacts'])

/** Packs a copy, because packing changes package.json for a moment, and unpacks it where `npm install` would. */
async function install(): Promise<void> {
  const copy = join(place, 'copy')
  mkdirSync(copy)
  for (const name of readdirSync(root))
    if (!LEFT_OUT.has(name)) cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const before = readFileSync(join(copy, 'package.json'), 'utf8')
  await run('npm', ['pack', '--pack-destination', place], { cwd: copy })
  assert.equal(readFileSync(join(copy, 'package.json'), 'utf8'), before, 'it is ours again')
  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', join(place, 'tenantry-0.1.0.tgz'), '-C', installed, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  // What it does not name it does not find. The types of Node are the project's own.
  for (const name of [...Object.keys(dependencies), '@types/node']) link(name)
  writeFileSync(join(outside, 'package.json'), '{ "type": "commonjs" }')
  await run('npm', ['pkg', 'set', 'type=module'], { cwd: outside })
}

function link(name: string): void {
  const there = join(outside, 'node_modules', name)
  mkdirSync(dirname(there), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), there)
}

const ready = install()

test('L04 what npm packs works outside: the emulator starts, and its types hold', async () => {
  await ready
  const program = `import assert from 'node:assert/strict'
import { defineApp, defineJob, defineResource, type ObjectId, type PermissionName, type Tenant, type ThrottleLimits } from 'tenantry'
import { DEMO, type Emulator, type RequestFilter, startEmulator } from 'tenantry/emulator'

const emulator: Emulator = await startEmulator({ estate: { tenants: [{ id: DEMO.home, displayName: 'Home', domains: ['home.example'] }] } })
emulator.mischief.say('idtoken.nonce=other')
// @ts-expect-error: there is no such word
assert.throws(() => emulator.mischief.say('idtoken.nonsense'))
// What a program keeps by itself of ours has a name.
const refused: RequestFilter = { status: 401 }
assert.deepEqual(emulator.requests.list(refused), [])
const needed: readonly PermissionName[] = ['User.Read.All']
const graphLimits: Partial<ThrottleLimits> = { appWrites: { amount: 70_000, seconds: 300 } }
export const principalOf = ({ servicePrincipalId }: Tenant): ObjectId | null => servicePrincipalId
const health = await fetch(emulator.browserOrigin + '/_emulator/health')
assert.equal(health.status, 200)
const app = defineApp({ name: 'App', publisher: 'We', description: 'Does it.', graphLimits, permissions: [{ value: 'User.Read.All', reason: 'Because.' }] })
const about = { name: 'App', publisher: 'We', description: 'Does it.' }
// @ts-expect-error: a misspelt permission
defineApp({ ...about, permissions: [{ value: 'User.Raed.All', reason: 'Because.' }] })
defineApp({ ...about, permissions: [{ value: 'Sundial.Read.All', reason: 'Because.', unlisted: true }] })
// @ts-expect-error: no reason
defineApp({ ...about, permissions: [{ value: 'User.Read.All' }] })
defineJob({
  name: 'of-ours', schedule: '0 3 * * *', permissions: needed,
  async run({ graph, db }) {
    await graph.api('/users').get()
    for await (const one of db.resources('device')) one.id
  },
})
// @ts-expect-error: a key that is not selected
defineResource({ kind: 'device', mode: 'full', path: '/devices', select: ['id'], key: 'deviceId', anyOf: ['Device.Read.All'] })
console.log(app.name, emulator.estate().tenants[0]?.displayName)
await emulator.close()
`
  writeFileSync(join(outside, 'main.ts'), program)
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  await run(
    tsc,
    [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      'main.ts',
    ],
    { cwd: outside },
  )
  const { stdout } = await run(process.execPath, ['main.ts'], { cwd: outside })
  assert.equal(stdout, 'App Home\n')
})

test('L04 its programs run where they are installed, and find each other and their style sheets', async () => {
  await ready
  const { bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const programOf = (name: string): string => join(installed, bin[name])
  const anywhere = ['--port', '0', '--http-port', '0', '--data-dir', join(place, 'data')]
  for (const args of [
    [programOf('tenantry-emulator'), ...anywhere, '--json'],
    [programOf('tenantry'), 'emulator', ...anywhere, '--json'],
  ]) {
    const child = spawn(process.execPath, args, { cwd: outside, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line')
    assert.match(JSON.parse(line).origin, /^https:\/\/localhost:\d+$/)
    child.kill('SIGTERM')
    assert.equal((await once(child, 'exit'))[0], 0)
  }
  const dist = join(installed, 'dist')
  const readers = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.mjs') && readFileSync(join(dist, file), 'utf8').includes('./assets/'),
  )
  assert.ok(readers.length > 0)
  for (const file of readers)
    for (const asset of ['page.js', 'tokens.css', 'console.css'])
      assert.ok(existsSync(join(dist, dirname(file), 'assets', asset)), `${file} reads ${asset}`)
})
