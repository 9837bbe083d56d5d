import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofDebian } from '#emulator/test/conformance/support/installed.ts'
import { runProgram } from '#emulator/test/conformance/support/program.ts'
import {
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  makeClientCertificate,
  PUBLIC_APP,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const emulator = await startEmulator({ estate: testEstate([certificate]), dataDir: folder, proxyPort: 0 })
after(() => emulator.close())
const certificate_path = join(folder, 'client.pem')
writeFileSync(certificate_path, key.export({ type: 'pkcs8', format: 'pem' }) + certificate)

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Answer = Record<string, any>

/** Credentials in a process of their own, under Microsoft’s own names; a device code is typed in by Fabrikam’s Uma. */
async function ask(...wish: { name: string; options: Record<string, unknown>; scope?: string }[]): Promise<Answer[]> {
  let isTyped = false
  const { status, out, said } = await runProgram(
    '/usr/bin/python3',
    [join(import.meta.dirname, 'azure_identity_steps.py')],
    {
      env: { ...process.env, REQUESTS_CA_BUNDLE: emulator.caFile ?? '', HTTPS_PROXY: emulator.proxy ?? '' },
      input: JSON.stringify(wish.map((one) => ({ scope: GRAPH_DEFAULT, ...one }))),
      onSaid(words) {
        const code = /enter the code (\S+)/.exec(words)?.[1]
        if (!code || isTyped) return
        isTyped = true
        void typeInDeviceCode(emulator, code, 'uma@fabrikam.example')
      },
    },
  )
  assert.equal(status, 0, said)
  return JSON.parse(out)
}
const app = { client_id: APP, tenant_id: CONTOSO }

/** Debian packs all of Azure’s libraries together, under a date; this one says its version itself. */
const packed = ofDebian('python3-azure', 'python3-azure')
const version = /"([^"]+)"/.exec(readFileSync('/usr/lib/python3/dist-packages/azure/identity/_version.py', 'utf8'))?.[1]

suite(`azure-identity for Python ${version}, in ${packed}`, () => {
  test('a secret and a certificate, its chain sent along or not', async () => {
    const answers = await ask(
      { name: 'ClientSecretCredential', options: { ...app, client_secret: SECRET } },
      { name: 'CertificateCredential', options: { ...app, certificate_path } },
      { name: 'CertificateCredential', options: { ...app, certificate_path, send_certificate_chain: true } },
    )
    assert.deepEqual(
      answers.map(({ claims }) => [claims?.tid, claims?.appidacr]),
      [
        [CONTOSO, '1'],
        [CONTOSO, '2'],
        [CONTOSO, '2'],
      ],
    )
  })

  test('what is refused comes out as AADSTS', async () => {
    const [wrong, stranger] = await ask(
      { name: 'ClientSecretCredential', options: { ...app, client_secret: 'wrong' } },
      { name: 'ClientSecretCredential', options: { ...app, tenant_id: FABRIKAM, client_secret: SECRET } },
    )
    assert.match(wrong?.refused, /AADSTS7000215/)
    assert.match(stranger?.refused, /AADSTS7000229/)
  })

  test('device code', async () => {
    const options = { client_id: PUBLIC_APP, tenant_id: FABRIKAM }
    const [answer] = await ask({
      name: 'DeviceCodeCredential',
      options,
      scope: 'https://graph.microsoft.com/User.Read',
    })
    assert.equal(answer?.claims.upn, 'uma@fabrikam.example')
  })
})
