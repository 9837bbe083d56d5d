import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { startEmulator } from '#emulator/index.ts'
import { openBrowser } from '#emulator/test/support/browser.ts'
import { APP, GRAPH, ISV, makeClientCertificate, SECRET, testEstate } from '#emulator/test/support/estate.ts'

const { key, certificate } = makeClientCertificate()
const MAY = ['Application.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All', 'Organization.Read.All']
const emulator = await startEmulator({
  estate: { ...testEstate([certificate]), servicePrincipals: [{ tenant: ISV, appId: APP, application: MAY }] },
  proxyPort: 0,
})
after(() => emulator.close())
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'bundle.pem'), emulator.ca)
writeFileSync(join(folder, 'client.pem'), key.export({ type: 'pkcs8', format: 'pem' }) + certificate)

const env = {
  ...process.env,
  REQUESTS_CA_BUNDLE: join(folder, 'bundle.pem'),
  HTTPS_PROXY: emulator.proxy ?? '',
  AZURE_CONFIG_DIR: folder,
  AZURE_CORE_COLLECT_TELEMETRY: 'false',
  AZURE_CORE_USE_MSAL_HTTP_CACHE: 'false',
}

/** Runs the unmodified Azure CLI; a device code that it shows is typed in by `person`. */
async function az(options: string[], person?: string): Promise<string> {
  const child = spawn('az', options, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let isTyped = false
  child.stderr.on('data', (piece) => {
    said += piece
    const code = /enter the code (\S+)/.exec(said)?.[1]
    if (!code || !person || isTyped) return
    isTyped = true
    void typeIn(code, person)
  })
  const [out, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  assert.equal(status, 0, `az ${options.join(' ')}: ${said}`)
  return out.trim()
}

async function typeIn(code: string, username: string): Promise<void> {
  const browser = openBrowser(emulator)
  const address = `${emulator.browserOrigin}/common/oauth2/deviceauth`
  const account = await browser.press(await browser.open(address), { user_code: code })
  const password = await browser.press(account, { action: 'next', loginfmt: username })
  await browser.press(password, { action: 'signin', passwd: 'Passw0rd!' })
}

const login = (credential: string) =>
  az([
    'login',
    '--service-principal',
    '-u',
    APP,
    '-p',
    credential,
    '--tenant',
    ISV,
    '--allow-no-subscriptions',
    '-o',
    'none',
  ])

test('Azure CLI 2.45 of Debian: signs in as a service principal by certificate and by secret', async () => {
  await login(join(folder, 'client.pem'))
  await login(SECRET)
  assert.equal(await az(['account', 'show', '--query', 'tenantId', '-o', 'tsv']), ISV)
})

test('Azure CLI 2.45 of Debian: the Azure sample’s own steps, from registration to administrator consent', async () => {
  const roleId = await az([
    'ad',
    'sp',
    'show',
    '--id',
    GRAPH,
    '--query',
    "appRoles[?value=='User.Read.All'].id",
    '-o',
    'tsv',
  ])
  assert.equal(roleId, 'df021288-bdef-4463-88db-98f22de89214')
  const create = [
    'ad',
    'app',
    'create',
    '--display-name',
    'Daemon Cross Tenant App',
    '--sign-in-audience',
    'AzureADMultipleOrgs',
  ]
  const app = await az([
    ...create,
    '--web-redirect-uris',
    'https://localhost/signin-oidc',
    '--query',
    'appId',
    '-o',
    'tsv',
  ])
  for (const value of ['openid', 'User.Read', 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All']) {
    const query = `oauth2PermissionScopes[?value=='${value}'].id`
    const id = await az(['ad', 'sp', 'show', '--id', GRAPH, '--query', query, '-o', 'tsv'])
    await az(['ad', 'app', 'permission', 'add', '--id', app, '--api', GRAPH, '--api-permissions', `${id}=Scope`])
  }
  await az(['ad', 'app', 'permission', 'add', '--id', app, '--api', GRAPH, '--api-permissions', `${roleId}=Role`])
  const secret = await az(['ad', 'app', 'credential', 'reset', '--id', app, '--query', 'password', '-o', 'tsv'])
  assert.ok(secret.length > 20)
  await az(['ad', 'sp', 'create', '--id', app, '-o', 'none'])
  const organization = ['rest', '--method', 'GET', '--url', 'https://graph.microsoft.com/v1.0/organization']
  assert.equal(await az([...organization, '--query', 'value[0].displayName', '-o', 'tsv']), 'Northwind')

  await az(
    ['login', '--use-device-code', '--tenant', ISV, '--allow-no-subscriptions', '-o', 'none'],
    'olivia@northwind.example',
  )
  assert.equal(
    await az(['ad', 'signed-in-user', 'show', '--query', 'userPrincipalName', '-o', 'tsv']),
    'olivia@northwind.example',
  )
  await az(['ad', 'app', 'permission', 'admin-consent', '--id', app])
  await az([
    'login',
    '--service-principal',
    '-u',
    app,
    '-p',
    secret,
    '--tenant',
    ISV,
    '--allow-no-subscriptions',
    '-o',
    'none',
  ])
  const users = ['rest', '--method', 'GET', '--url', 'https://graph.microsoft.com/v1.0/users']
  assert.match(await az([...users, '--query', 'value[].displayName', '-o', 'tsv']), /Olivia Owner/)
})
