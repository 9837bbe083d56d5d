import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { APP, CONTOSO, FABRIKAM, makeClientCertificate, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const emulator = await startEmulator({ estate: testEstate([certificate]), dataDir: folder })
after(() => emulator.close())

const PROGRAM = `
import json, sys, msal
wish = json.load(sys.stdin)
app = msal.ConfidentialClientApplication(wish["client"], client_credential=wish["credential"],
    authority=wish["authority"], instance_discovery=False)
answer = app.acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
answer.pop("access_token", None)
print(json.dumps(answer))
`

async function ask(tenant: string, credential: unknown): Promise<Record<string, unknown>> {
  const child = spawn('/usr/bin/python3', ['-c', PROGRAM], {
    env: { ...process.env, REQUESTS_CA_BUNDLE: emulator.caFile ?? '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify({ client: APP, credential, authority: `${emulator.origin}/${tenant}` }))
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return JSON.parse(out)
}

test('MSAL Python 1.21 of Debian: a secret', async () => {
  assert.equal((await ask(CONTOSO, SECRET)).token_type, 'Bearer')
})

test('MSAL Python 1.21 of Debian: a certificate (RS256, padded x5t, fractions of seconds, x5c with newlines)', async () => {
  const thumbprint = createHash('sha1').update(new X509Certificate(certificate).raw).digest('hex')
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  assert.equal((await ask(CONTOSO, { thumbprint, private_key: pem })).token_type, 'Bearer')
  assert.equal(
    (await ask(CONTOSO, { thumbprint, private_key: pem, public_certificate: certificate })).token_type,
    'Bearer',
  )
})

test('MSAL Python 1.21 of Debian: refusals with their codes', async () => {
  assert.deepEqual((await ask(CONTOSO, 'wrong')).error_codes, [7000215])
  assert.deepEqual((await ask(FABRIKAM, SECRET)).error_codes, [7000229])
})
