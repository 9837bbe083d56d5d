import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { makeClientCertificate, testEstate } from '#emulator/test/support/estate.ts'

const CLI = join(import.meta.dirname, '..', 'cli.ts')
const folder = mkdtempSync(join(tmpdir(), 'emulator-cli-'))
after(() => rmSync(folder, { recursive: true }))
const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
})

function run(...options: string[]) {
  const child = spawn(process.execPath, [CLI, '--data-dir', folder, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
}
const anyPorts = ['--port', '0', '--http-port', '0']

/** To its end: exit code and what it said. */
async function outcome(...options: string[]) {
  const child = run(...options)
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { out, error, code }
}
const write = (name: string, content: unknown) => {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('it says where it is, serves, and leaves with 0 on either signal', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = run(...anyPorts, '--json', '--estate', write('estate.json', testEstate()))
    const [line] = await once(createInterface(child.stdout), 'line')
    const facts = JSON.parse(line)
    assert.deepEqual(facts.tenants.map((tenant: { displayName: string }) => tenant.displayName).slice(0, 2), [
      'Northwind',
      'Fabrikam',
    ])
    assert.match(readFileSync(facts.caFile, 'utf8'), /BEGIN CERTIFICATE/)
    const health = await fetch(`${facts.browserOrigin}/_emulator/health`)
    assert.equal(health.status, 200)
    child.kill(signal)
    const [code] = await once(child, 'exit')
    assert.equal(code, 0, signal)
  }
})

test('a folder that cannot be made is told in words, wherever it is; it ends', async () => {
  const file = write('a-file', 'is none')
  for (const dataDir of ['/proc/none', '/proc/none/deeper', join(file, 'below')]) {
    const { error, code } = await outcome(...anyPorts, '--data-dir', dataDir)
    assert.equal(code, 2, dataDir)
    assert.match(error, /^The certificate cannot be written: E[A-Z]+: .+ Choose another folder with --data-dir\.$/m)
  }
})

test('somebody else’s authority in the data folder is not written over', async () => {
  const { certificate } = makeClientCertificate()
  const file = join(mkdtempSync(join(folder, 'theirs-')), 'ca.pem')
  writeFileSync(file, certificate)
  const { error, code } = await outcome(...anyPorts, '--data-dir', dirname(file))
  assert.equal(code, 2)
  assert.match(
    error,
    /^The certificate cannot be written: .+ca\.pem is a certificate that this emulator has not made\. Choose another/m,
  )
  assert.equal(readFileSync(file, 'utf8'), certificate)
})

test('it leaves in order, too, when it is told to in the moment in which it says that it is ready', async () => {
  const ends = Array.from({ length: 6 }, async () => {
    const child = run(...anyPorts, '--json')
    child.stdout.once('data', () => child.kill('SIGTERM'))
    return once(child, 'exit')
  })
  for (const [code, signal] of await Promise.all(ends)) assert.deepEqual([code, signal], [0, null])
})

test('without an estate it brings the demo, and its banner tells a person all he needs', async () => {
  const child = run(...anyPorts)
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (line.includes('Ctrl+C')) break
  }
  const banner = lines.join('\n')
  for (const words of [
    'https://localhost:',
    'http://localhost:',
    'ca.pem',
    'Fabrikam',
    '1,200 users',
    'grace@fabrikam.onmicrosoft.com',
    'Passw0rd!',
    'Northwind Insights',
    'demo-secret-of-the-emulator-only',
  ])
    assert.ok(banner.includes(words), `${words} in\n${banner}`)
  child.kill()
  await once(child, 'exit')
})

test('a bad estate is told with every mistake, exit 2', async () => {
  const mistakes = write('bad.json', {
    tenants: [{ id: 'not-a-guid', displayName: '', domains: [] }],
    applications: [{ appId: 'x', homeTenant: 'nowhere', displayName: 'A', redirectUris: ['/callback'] }],
  })
  const told = await outcome(...anyPorts, '--estate', mistakes)
  assert.equal(told.code, 2)
  for (const words of [
    'tenants.0.id: must be a GUID',
    'tenants.0.domains',
    'applications.0.appId',
    'redirectUris.0: must be a whole address',
  ])
    assert.ok(told.error.includes(words), told.error)

  const estate = testEstate()
  const deeper = write('deeper.json', {
    ...estate,
    tenants: [...estate.tenants, estate.tenants[0]],
    applications: [
      { appId: 'a0000000-0000-4000-8000-0000000000aa', homeTenant: 'nowhere.example', displayName: 'Lost' },
    ],
    servicePrincipals: [{ tenant: 'fabrikam.example', appId: 'a0000000-0000-4000-8000-0000000000bb' }],
  })
  const { error, code } = await outcome(...anyPorts, '--estate', deeper)
  assert.equal(code, 2)
  assert.match(error, /stands twice/)
  assert.match(error, /no tenant nowhere\.example/)
  assert.match(error, /no application a0000000/)
  assert.doesNotMatch(error, /at .*\.ts:/, 'words, no stack')
})

test('what stands twice, and permissions that are none, are told once each, exit 2', async () => {
  const person = { userPrincipalName: 'ann@one.example', displayName: 'Ann' }
  const id = 'c0000000-0000-4000-8000-0000000000cc'
  const [appId, lost] = ['a0000000-0000-4000-8000-0000000000aa', 'a0000000-0000-4000-8000-0000000000bb']
  const presence = { tenant: 'one.example', appId, delegated: ['No.Such'], application: ['Nor.This'] }
  const file = write('twice.json', {
    tenants: [
      {
        id: 'c0000000-0000-4000-8000-000000000001',
        displayName: 'One',
        domains: ['one.example'],
        users: [
          person,
          { ...person, userPrincipalName: 'ANN@one.example' },
          { ...person, userPrincipalName: 'ben@one.example', id },
          { ...person, userPrincipalName: 'eve@one.example', id },
          { ...person, userPrincipalName: 'far@away.example' },
        ],
      },
    ],
    applications: [
      { appId, homeTenant: 'one.example', displayName: 'A' },
      { appId: lost, homeTenant: 'nowhere.example', displayName: 'Lost' },
    ],
    servicePrincipals: [presence, { tenant: 'one.example', appId }, { tenant: 'one.example', appId: lost }],
  })
  const { code, error } = await outcome(...anyPorts, '--estate', file)
  assert.equal(code, 2)
  assert.deepEqual(error.trim().split('\n').slice(1), [
    '  tenants One: the user ANN@one.example stands twice',
    `  tenants One: two users have the id ${id}`,
    '  tenants One: far@away.example is of none of its domains',
    '  applications Lost: no tenant nowhere.example',
    "  servicePrincipals A: Microsoft Graph has no application permission 'Nor.This'",
    "  servicePrincipals A: Microsoft Graph has no delegated permission 'No.Such'",
    '  servicePrincipals A: stands twice in One',
  ])
})

test('a file that is missing or is not JSON, exit 2', async () => {
  assert.match((await outcome(...anyPorts, '--estate', join(folder, 'none.json'))).error, /there is no such file/)
  assert.match((await outcome(...anyPorts, '--estate', write('broken.json', '{'))).error, /is not JSON/)
})

test('a busy port is told in words, exit 2', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const { port } = busy.address() as { port: number }
  for (const options of [
    ['--port', String(port), '--http-port', '0'],
    ['--port', '0', '--http-port', String(port)],
  ]) {
    const { code, error } = await outcome(...options)
    assert.equal(code, 2)
    assert.match(error, new RegExp(`already listens on port ${port}`))
  }
  busy.close()
})

test('--version prints the package’s version and leaves with 0, whatever stands beside it', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))
  for (const options of [['--version'], ['-V'], ['--port', '0', '--version']])
    assert.deepEqual(await outcome(...options), { out: `${version}\n`, error: '', code: 0 }, options.join(' '))
})

test('an option that is no option, or no port, is refused with exit 2; --help and --quiet', async () => {
  assert.equal((await outcome('--nonsense')).code, 2)
  const { code, error } = await outcome('--port', 'high')
  assert.equal(code, 2)
  assert.match(error, /0 to 65535/)
  const nowhere = await outcome(...anyPorts, '--host', '192.0.2.7')
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.error, /^Nothing can listen there: .*192\.0\.2\.7.*--host/)
  const help = await outcome('--help')
  assert.equal(help.code, 0)
  assert.match(help.out, /--estate <file>/)
})

test('what is kept compiled lies in the user’s own folder, where nobody else can put anything', async () => {
  const [home, temporary] = [mkdtempSync(join(folder, 'home-')), mkdtempSync(join(folder, 'temporary-'))]
  for (const HOME of [home, '/proc', '']) {
    const env = { ...process.env, NODE_COMPILE_CACHE: '', XDG_CACHE_HOME: '', HOME, TMPDIR: temporary }
    const child = spawn(process.execPath, [CLI, '--help'], { env, stdio: 'ignore' })
    assert.deepEqual(await once(child, 'exit'), [0, null])
  }
  const kept = join(home, '.cache/tenantry-emulator')
  assert.equal(statSync(kept).mode & 0o777, 0o700)
  assert.notEqual(readdirSync(kept, { recursive: true }).length, 0)
  assert.deepEqual(readdirSync(temporary), [])
})
