/**
 * The steps of Microsoft’s sample for an ISV whose daemon reads its customers’ tenants, in its order: registration by the
 * Azure CLI, sign-up at the landing page, the role assigned as the sample’s page and as the sample’s script do it, the
 * daemon. Its README is from before Azure CLI 2.37: flags that are gone (`--reply-urls`, `--available-to-other-tenants`)
 * stand here under their names of today. @see https://github.com/Azure-Samples/identity-cross-tenant-daemon
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { after, before, suite, test } from 'node:test'
import { ConfidentialClientApplication } from '@azure/msal-node'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ProxyAgent, fetch as send } from 'undici'
import { startEmulator } from '#emulator/index.ts'
import { openAz } from '#emulator/test/conformance/debian/az.ts'
import { ofDebian } from '#emulator/test/conformance/support/installed.ts'
import { runProgram } from '#emulator/test/conformance/support/program.ts'
import { CONTOSO, FABRIKAM, GRAPH, ISV, testEstate } from '#emulator/test/support/estate.ts'

const LANDING_PAGE = 'https://localhost/signin-oidc'
const SCOPES = ['User.Read', 'AppRoleAssignment.ReadWrite.All', 'Application.Read.All']

const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
after(() => rmSync(folder, { recursive: true }))
const { tenants } = testEstate()
const emulator = await startEmulator({ estate: { tenants }, proxyPort: 0, dataDir: folder })
after(() => emulator.close())
const az = openAz(emulator)
after(() => az.close())
const dispatcher = new ProxyAgent({ uri: emulator.proxy ?? '', requestTls: { ca: emulator.ca } })
after(() => dispatcher.close())

let browser: Browser
before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
    proxy: { server: emulator.proxy ?? '' },
  })
})
after(() => browser.close())

const app = { id: '', secret: '' }

suite(`The Azure sample’s own steps, with ${ofDebian('Azure CLI', 'azure-cli')}`, () => {
  test('step 3: the ISV registers the multi-tenant application, its permissions and a secret', async () => {
    await az.loginAs('olivia@northwind.example', ISV)
    const registered = await az.script(
      `
        appId="$( az ad app create \\
          --display-name "Daemon Cross Tenant App" \\
          --sign-in-audience AzureADMultipleOrgs \\
          --enable-id-token-issuance true \\
          --web-redirect-uris "https://localhost" "https://localhost/signin-oidc" \\
          --query "appId" -o tsv )"
        for value in $scopes; do
          id="$( az ad sp show --id $graphClientId --query "oauth2PermissionScopes[?value=='$value'].id" -o tsv )"
          az ad app permission add --id $appId --api $graphClientId --api-permissions $id=Scope
        done
        az ad app credential reset --id $appId
      `,
      { graphClientId: GRAPH, scopes: ['openid', ...SCOPES].join(' ') },
    )
    const { appId, password, tenant } = JSON.parse(registered)
    assert.equal(tenant, ISV)
    Object.assign(app, { id: appId, secret: password })
    const shown = JSON.parse(await az('ad', 'app', 'show', '--id', appId))
    assert.deepEqual(new Set(shown.web.redirectUris), new Set(['https://localhost', LANDING_PAGE]))
    assert.equal(shown.web.implicitGrantSettings.enableIdTokenIssuance, true)
    assert.equal(shown.requiredResourceAccess[0].resourceAccess.length, 4)
  })

  test('step 5: the customer’s administrator signs up at the landing page, which assigns the app role', async () => {
    const graph = await signUp('grace@fabrikam.example')
    assert.equal((await graph('/me')).body.userPrincipalName, 'grace@fabrikam.example')
    const [ours] = (await graph(`/servicePrincipals?$filter=appId eq '${app.id}'`)).body.value
    const [microsoft] = (await graph(`/servicePrincipals?$filter=appId eq '${GRAPH}'`)).body.value
    assert.equal(ours.appOwnerOrganizationId, ISV)
    const { id: appRoleId } = microsoft.appRoles.find(({ value }: { value: string }) => value === 'User.Read.All')
    const assignment = { principalId: ours.id, resourceId: microsoft.id, appRoleId }
    const assign = () => graph(`/servicePrincipals/${microsoft.id}/appRoleAssignments`, assignment)
    const first = await assign()
    assert.equal(first.status, 201, JSON.stringify(first.body))
    assert.deepEqual([first.body.principalId, first.body.principalType], [ours.id, 'ServicePrincipal'])
    const second = await assign()
    assert.equal(second.status, 400)
    assert.match(second.body.error.details[0].message, /Permission being assigned already exists on the object/)
  })

  test('the daemon reads the customer’s users with nothing but the tenant’s id', async () => {
    const { status, out, said } = await runDaemon(FABRIKAM)
    assert.equal(status, 0, said)
    const { claims, names } = JSON.parse(out)
    assert.deepEqual(claims.roles, ['User.Read.All'])
    assert.ok(names.includes('Grace Global'))
  })

  test('the script instead of the landing page: another customer’s administrator assigns the role with az rest', async () => {
    await signUp('grace@contoso.example')
    assert.notEqual((await runDaemon(CONTOSO)).status, 0)
    await az.loginAs('grace@contoso.example', CONTOSO)
    await az.script(
      `
        principalId="$( az ad sp show --id $appId --query "id" -o tsv )"
        resourceId="$( az ad sp show --id $graphClientId --query "id" -o tsv )"
        permissionId="$( az ad sp show --id $graphClientId --query "appRoles[?value=='User.Read.All'].id" -o tsv )"
        az rest --method POST --uri https://graph.microsoft.com/beta/servicePrincipals/$resourceId/appRoleAssignments \\
          --header Content-Type=application/json \\
          --body "{ \\"principalId\\": \\"$principalId\\", \\"resourceId\\": \\"$resourceId\\", \\"appRoleId\\": \\"$permissionId\\" }"
      `,
      { appId: app.id, graphClientId: GRAPH },
    )
    const { status, out, said } = await runDaemon(CONTOSO)
    assert.equal(status, 0, said)
    assert.ok(JSON.parse(out).names.includes('Uma User'))
  })

  test('the customer deletes the service principal, and the daemon’s access has ended', async () => {
    await az('ad', 'sp', 'delete', '--id', app.id)
    const { status, said } = await runDaemon(CONTOSO)
    assert.notEqual(status, 0)
    assert.match(said, /AADSTS7000229/)
    assert.equal((await runDaemon(FABRIKAM)).status, 0, 'the other customer’s is as it was')
  })
})

const runDaemon = (tenant: string) =>
  runProgram(execPath, [join(import.meta.dirname, '..', 'support', 'daemon.ts')], {
    env: {
      ...process.env,
      NODE_EXTRA_CA_CERTS: emulator.caFile ?? '',
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: emulator.proxy ?? '',
      TENANT_ID: tenant,
      CLIENT_ID: app.id,
      CLIENT_SECRET: app.secret,
    },
  })

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at field by field
type Asked = { status: number; body: any }

/** The landing page: Microsoft’s sign-in posts the code back to it; it redeems the code and asks Graph on the user’s behalf. */
async function signUp(username: string): Promise<(path: string, body?: object) => Promise<Asked>> {
  const msal = new ConfidentialClientApplication({
    auth: {
      clientId: app.id,
      clientSecret: app.secret,
      authority: 'https://login.microsoftonline.com/organizations',
    },
    system: {
      networkClient: {
        sendGetRequestAsync: (url) => network(url, 'GET'),
        sendPostRequestAsync: (url, options) => network(url, 'POST', options?.headers, options?.body),
      },
    },
  })
  const scopes = SCOPES.map((scope) => `https://graph.microsoft.com/${scope}`)
  const asked = { scopes, redirectUri: LANDING_PAGE }
  // MSAL knows Microsoft’s addresses by heart and sends the browser there; a browser takes no certificate as a parameter.
  const page = await browser.newPage({ ignoreHTTPSErrors: true })
  const back = callback(page)
  await page.goto(await msal.getAuthCodeUrl({ ...asked, responseMode: 'form_post', prompt: 'select_account' }))
  await page.locator('input[name=loginfmt]').fill(username)
  await page.locator('input[name=loginfmt]').press('Enter')
  await page.locator('input[name=passwd]').fill('Passw0rd!')
  await page.locator('input[name=passwd]').press('Enter')
  await page.getByRole('button', { name: 'Accept' }).click()
  const code = (await back).get('code') ?? ''
  await page.close()
  const { accessToken } = await msal.acquireTokenByCode({ ...asked, code })
  return async (path, body) =>
    network(
      `https://graph.microsoft.com/v1.0${path}`,
      body ? 'POST' : 'GET',
      { authorization: `Bearer ${accessToken}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body && JSON.stringify(body),
    )
}

/** Stands where the landing page would listen. */
async function callback(page: Page): Promise<URLSearchParams> {
  const { promise, resolve } = Promise.withResolvers<URLSearchParams>()
  await page.route(`${LANDING_PAGE}**`, async (route) => {
    resolve(new URLSearchParams(route.request().postData() ?? ''))
    await route.fulfill({ contentType: 'text/html', body: '<title>Welcome</title>' })
  })
  return promise
}

async function network(url: string, method: string, headers: Record<string, string> = {}, body?: string) {
  const response = await send(url, { dispatcher, method, headers, ...(body === undefined ? {} : { body }) })
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    // biome-ignore lint/suspicious/noExplicitAny: MSAL and the tests know what they asked for
    body: (await response.json()) as any,
  }
}
