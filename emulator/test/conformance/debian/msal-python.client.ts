import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { typeInDeviceCode } from '#emulator/test/conformance/support/device-code.ts'
import { ofDebian } from '#emulator/test/conformance/support/installed.ts'
import { type ProgramOptions, runProgram } from '#emulator/test/conformance/support/program.ts'
import { userTokenFor } from '#emulator/test/conformance/support/user-token.ts'
import { openBrowser, signInAndAccept } from '#emulator/test/support/browser.ts'
import {
  API_APP,
  APP,
  CONTOSO,
  FABRIKAM,
  GRAPH_DEFAULT,
  makeClientCertificate,
  PUBLIC_APP,
  REDIRECT,
  SECRET,
  testEstate,
} from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const emulator = await startEmulator({ estate: testEstate([certificate]), dataDir: folder, proxyPort: 0 })
after(() => emulator.close())
beforeEach(() => emulator.reset())

const PROGRAM = join(import.meta.dirname, 'msal_steps.py')
const secret = { client_id: APP, client_credential: SECRET }

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Answer = Record<string, any>
type Step = { call: string; with?: Record<string, unknown> }

type Place = { tenant?: string; realNames?: boolean; username?: string }

/** One MSAL application in a process of its own, and what it answers to each step; `username` sits at its pages. */
async function steps(
  app: Record<string, unknown>,
  list: readonly Step[],
  { tenant = CONTOSO, realNames = false, username = 'uma@contoso.example' }: Place = {},
): Promise<Answer[]> {
  const own = { authority: `${emulator.origin}/${tenant}`, instance_discovery: false }
  const real = { authority: `https://login.microsoftonline.com/${tenant}` }
  const { status, out, said } = await runProgram('/usr/bin/python3', [PROGRAM], {
    env: {
      ...process.env,
      REQUESTS_CA_BUNDLE: emulator.caFile ?? '',
      ...(realNames ? { HTTPS_PROXY: emulator.proxy ?? '' } : {}),
    },
    input: JSON.stringify({ app: { ...(realNames ? real : own), ...app }, steps: list }),
    onSaid: personAt(username),
  })
  assert.equal(status, 0, said)
  return JSON.parse(out)
}

/** Visits the page that the program names, or types in its code, once. */
function personAt(username: string): NonNullable<ProgramOptions['onSaid']> {
  let isDone = false
  return (said, answer) => {
    const address = /^VISIT (\S+)\n/m.exec(said)?.[1]
    const code = /enter the code (\S+)/.exec(said)?.[1]
    if (isDone || !(address || code)) return
    isDone = true
    if (code) void typeInDeviceCode(emulator, code, username)
    else
      void signInAndAccept(openBrowser(emulator), address ?? '', { username }).then(({ url }) =>
        answer(url.search.slice(1)),
      )
  }
}

const forClient = (more: Record<string, unknown> = {}): Step => ({
  call: 'acquire_token_for_client',
  with: { scopes: [GRAPH_DEFAULT], ...more },
})

suite(ofDebian('MSAL Python', 'python3-msal'), () => {
  test('a secret, and where nothing is told but the tenant: under Microsoft’s own name', async () => {
    for (const realNames of [false, true]) {
      const [answer] = await steps(secret, [forClient()], { realNames })
      assert.equal(answer?.claims.tid, CONTOSO)
      assert.deepEqual(answer?.claims.roles, ['User.Read.All'])
    }
  })

  test('a certificate (RS256, padded x5t, fractions of seconds, x5c with newlines)', async () => {
    const thumbprint = createHash('sha1').update(new X509Certificate(certificate).raw).digest('hex')
    const plain = { thumbprint, private_key: key.export({ type: 'pkcs8', format: 'pem' }) }
    for (const client_credential of [plain, { ...plain, public_certificate: certificate }]) {
      const [answer] = await steps({ client_id: APP, client_credential }, [forClient()])
      assert.equal(answer?.claims.appidacr, '2')
    }
  })

  test('refusals with their codes', async () => {
    const [wrong] = await steps({ ...secret, client_credential: 'wrong' }, [forClient()])
    assert.deepEqual([wrong?.error, wrong?.error_codes], ['invalid_client', [7000215]])
    const [stranger] = await steps(secret, [forClient()], { tenant: FABRIKAM })
    assert.deepEqual(stranger?.error_codes, [7000229])
    assert.match(stranger?.correlation_id, /^[0-9a-f-]{36}$/)
  })

  test('capabilities are declared, and a claims challenge is passed on', async () => {
    const challenge = JSON.stringify({ access_token: { nbf: { essential: true, value: '1600000000' } } })
    const [answer] = await steps({ ...secret, client_capabilities: ['CP1'] }, [
      forClient({ claims_challenge: challenge }),
    ])
    assert.deepEqual(answer?.claims.xms_cc, ['CP1'])
  })

  test('authorization code with PKCE and nonce, then silently, then by refresh token', async () => {
    const scopes = ['User.Read']
    const [, tokens, silent, renewed] = await steps(secret, [
      { call: 'initiate_auth_code_flow', with: { scopes, redirect_uri: REDIRECT } },
      { call: 'acquire_token_by_auth_code_flow' },
      { call: 'acquire_token_silent', with: { scopes } },
      { call: 'acquire_token_silent', with: { scopes, force_refresh: true } },
    ])
    assert.equal(tokens?.id_token_claims.tid, CONTOSO)
    assert.equal(silent?.claims.uti, tokens?.claims.uti)
    assert.notEqual(renewed?.claims.uti, tokens?.claims.uti)
    assert.equal(renewed?.claims.upn, 'uma@contoso.example')
  })

  test('a wrong nonce is not accepted', async () => {
    emulator.mischief.say('idtoken.nonce=other')
    const flow: Step[] = [
      { call: 'initiate_auth_code_flow', with: { scopes: ['User.Read'], redirect_uri: REDIRECT } },
      { call: 'acquire_token_by_auth_code_flow' },
    ]
    await assert.rejects(steps(secret, flow), /nonce/)
  })

  test('device code: a user’s token for a tool without secret', async () => {
    const flow: Step[] = [
      { call: 'initiate_device_flow', with: { scopes: ['User.Read'] } },
      { call: 'acquire_token_by_device_flow' },
    ]
    const place = { tenant: 'organizations', username: 'uma@fabrikam.example' }
    const [, tokens] = await steps({ client_id: PUBLIC_APP }, flow, place)
    assert.equal(tokens?.claims.upn, 'uma@fabrikam.example')
    assert.equal(tokens?.id_token_claims.tid, FABRIKAM)
  })

  test('user name and password, which it first asks the realm for; refused where consent is missing', async () => {
    const wish = (password: string): Step => ({
      call: 'acquire_token_by_username_password',
      with: { username: 'uma@contoso.example', password, scopes: ['User.Read'] },
    })
    const tool = { client_id: PUBLIC_APP }
    const [wrong, unconsented] = await steps(tool, [wish('wrong'), wish('Passw0rd!')], { realNames: true })
    assert.deepEqual(wrong?.error_codes, [50126])
    assert.deepEqual([unconsented?.error_codes, unconsented?.suberror], [[65001], 'consent_required'])
    assert.equal(emulator.requests.list({ path: '^/common/userrealm/' }).length > 0, true)
  })

  test('on behalf of the user who called', async () => {
    const user_assertion = await userTokenFor(emulator, 'api://orders/Orders.Read', APP)
    await userTokenFor(emulator, 'https://graph.microsoft.com/User.Read', API_APP)
    const api = { client_id: API_APP, client_credential: SECRET }
    const wish = { call: 'acquire_token_on_behalf_of', with: { user_assertion, scopes: ['User.Read'] } }
    const [answer] = await steps(api, [wish])
    assert.equal(answer?.claims.upn, 'uma@contoso.example')
  })
})
