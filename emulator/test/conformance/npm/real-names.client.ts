import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { after, suite, test } from 'node:test'
import { getCACertificates } from 'node:tls'
import { startEmulator } from '#emulator/index.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { runProgram } from '#emulator/test/conformance/support/program.ts'
import { APP, CONTOSO, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const HOSTS = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'
const seen = () => ({
  hosts: [readFileSync(HOSTS, 'utf8'), statSync(HOSTS).mtimeMs],
  trusted: getCACertificates('system').toSorted(),
})
const before = seen()

const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const emulator = await startEmulator({ estate: testEstate(), proxyPort: 0, dataDir: folder })
after(() => emulator.close())

/** The daemon in a process of its own; where Microsoft’s names lead and whom it trusts is its environment’s. */
const runDaemon = (trust: Record<string, string>) => {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
  return runProgram(execPath, [join(import.meta.dirname, '..', 'support', 'daemon.ts')], {
    env: {
      ...env,
      ...trust,
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: emulator.proxy ?? '',
      TENANT_ID: CONTOSO,
      CLIENT_ID: APP,
      CLIENT_SECRET: SECRET,
    },
  })
}

const clients = [
  ofNpm('MSAL Node', '@azure/msal-node'),
  ofNpm('@azure/identity', '@azure/identity'),
  ofNpm('Microsoft Graph JavaScript SDK', '@microsoft/microsoft-graph-client'),
]

suite(`Microsoft’s own names: ${clients.join(', ')}`, () => {
  test('a daemon that knows of no emulator reads the users of its tenant, page by page', async () => {
    const { status, out, said } = await runDaemon({ NODE_EXTRA_CA_CERTS: emulator.caFile ?? '' })
    assert.equal(status, 0, said)
    const { claims, nextLink, names } = JSON.parse(out)
    assert.deepEqual([claims.tid, claims.roles], [CONTOSO, ['User.Read.All']])
    assert.equal(claims.aud, 'https://graph.microsoft.com')
    assert.match(nextLink, /^https:\/\/graph\.microsoft\.com\/v1\.0\/users\?/)
    assert.equal(names.length, 5)
    const hosts = new Set(emulator.requests.list().map(({ host }) => host))
    assert.deepEqual(hosts, new Set(['login.microsoftonline.com', 'graph.microsoft.com']))
  })

  test('a process that was not told to trust the emulator does not', async () => {
    const { status, said } = await runDaemon({})
    assert.notEqual(status, 0)
    assert.match(said, /certificate|network_error/i)
  })

  test('the hosts file and the certificates that the system trusts are as they were', () => {
    assert.deepEqual(seen(), before)
    assert.ok(!before.trusted.includes(emulator.ca))
  })
})
