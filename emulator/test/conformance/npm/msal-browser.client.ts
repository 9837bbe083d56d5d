import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type * as msalBrowser from '@azure/msal-browser'
import { type Browser, chromium, type Page } from 'playwright-core'
import { startEmulator } from '#emulator/index.ts'
import { ofNpm } from '#emulator/test/conformance/support/installed.ts'
import { FABRIKAM, ISV, testEstate } from '#emulator/test/support/estate.ts'

/** What the page under test keeps in its window. */
declare const msal: typeof msalBrowser
declare const client: msalBrowser.PublicClientApplication
declare const signedIn: msalBrowser.AuthenticationResult | null

const PAGE_APP = 'a0000000-0000-4000-8000-00000000000e'
const LIBRARY = join(import.meta.dirname, '../../../../node_modules/@azure/msal-browser/lib/msal-browser.min.js')

const estate = testEstate()
const emulator = await startEmulator({
  estate: {
    ...estate,
    applications: [
      {
        appId: PAGE_APP,
        homeTenant: ISV,
        displayName: 'Page',
        spaRedirectUris: ['http://localhost'],
        verifiedPublisher: 'N',
      },
    ],
    servicePrincipals: [],
  },
})
after(() => emulator.close())

/** A single-page application of one file: the library, and the lines that its documentation begins with. */
const site = createServer((request, response) => {
  if (request.url === '/msal.js')
    return response.setHeader('content-type', 'text/javascript').end(readFileSync(LIBRARY))
  const configuration = {
    auth: {
      clientId: PAGE_APP,
      authority: `${emulator.origin}/organizations`,
      knownAuthorities: [new URL(emulator.origin).host],
      redirectUri: origin,
      postLogoutRedirectUri: origin,
    },
  }
  return response
    .setHeader('content-type', 'text/html')
    .end(`<!doctype html><title>Page</title><script src="/msal.js"></script>
    <script type="module">
      window.client = new msal.PublicClientApplication(${JSON.stringify(configuration)})
      await client.initialize()
      window.signedIn = await client.handleRedirectPromise()
      document.title = 'Ready'
    </script>`)
}).listen(0, 'localhost')
await once(site, 'listening')
after(() => site.close())
const origin = `http://localhost:${(site.address() as AddressInfo).port}`

let browser: Browser
let page: Page
before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  })
  page = await browser.newPage({ ignoreHTTPSErrors: true })
})
after(() => browser.close())

const isReady = (): Promise<void> =>
  page
    .waitForURL(`${origin}/**`)
    .then(() => page.waitForFunction('document.title === "Ready"'))
    .then(() => {})

suite(ofNpm('MSAL Browser', '@azure/msal-browser'), () => {
  test('a page signs a user in by code and PKCE, without a secret, across origins', async () => {
    await page.goto(origin)
    await isReady()
    await page.evaluate(() => void client.loginRedirect({ scopes: ['User.Read'], prompt: 'select_account' }))
    await page.locator('input[name=loginfmt]').fill('uma@fabrikam.example')
    await page.locator('input[name=loginfmt]').press('Enter')
    await page.locator('input[name=passwd]').fill('Passw0rd!')
    await page.locator('input[name=passwd]').press('Enter')
    await page.getByRole('button', { name: 'Accept' }).click()
    await isReady()
    const account = await page.evaluate(() => signedIn?.account)
    assert.deepEqual([account?.username, account?.tenantId], ['uma@fabrikam.example', FABRIKAM])
  })

  test('its token opens Graph to the page; a renewed one comes by refresh token, a known one from its cache', async () => {
    const seen = await page.evaluate(async (graph) => {
      const [account] = client.getAllAccounts()
      if (!account) throw new Error('nobody is signed in')
      const wish = { scopes: ['User.Read'], account }
      const known = await client.acquireTokenSilent(wish)
      const renewed = await client.acquireTokenSilent({ ...wish, forceRefresh: true })
      const ask = (token: string) => fetch(`${graph}/v1.0/me`, { headers: { authorization: `Bearer ${token}` } })
      const me = await ask(renewed.accessToken)
      const refused = await ask('nonsense')
      return {
        fromCache: [known.fromCache, renewed.fromCache],
        name: ((await me.json()) as { displayName: string }).displayName,
        requestId: me.headers.get('request-id'),
        refused: [refused.status, ((await refused.json()) as { error: { code: string } }).error.code],
      }
    }, emulator.origin)
    assert.deepEqual(seen.fromCache, [true, false])
    assert.equal(seen.name, 'Uma User')
    assert.ok(seen.requestId)
    assert.deepEqual(seen.refused, [401, 'InvalidAuthenticationToken'])
    assert.ok(emulator.requests.list({ path: '/token$' }).some(({ grantType }) => grantType === 'refresh_token'))
  })

  test('what nobody consented to needs the user: InteractionRequiredAuthError', async () => {
    const refused = await page.evaluate(async () => {
      const [account] = client.getAllAccounts()
      if (!account) throw new Error('nobody is signed in')
      try {
        await client.acquireTokenSilent({ scopes: ['Mail.Read'], account })
        return null
      } catch (error) {
        return { isRight: error instanceof msal.InteractionRequiredAuthError, message: String(error) }
      }
    })
    assert.equal(refused?.isRight, true, refused?.message)
  })

  test('after a day its refresh token has run out, and it has to ask again', async () => {
    emulator.clock.advance({ hours: 25 })
    const message = await page.evaluate(async () => {
      const [account] = client.getAllAccounts()
      if (!account) throw new Error('nobody is signed in')
      const policy = msal.CacheLookupPolicy.RefreshToken
      const wish = { scopes: ['User.Read'], account, forceRefresh: true, cacheLookupPolicy: policy }
      return client.acquireTokenSilent(wish).then(() => 'renewed', String)
    })
    assert.match(message, /AADSTS700084/)
  })

  test('signing out ends the session there and comes back here', async () => {
    assert.equal(await page.evaluate(() => client.getAllAccounts().length), 1)
    // The page that is left was ready, too.
    await page.evaluate('document.title = "Leaving"; void client.logoutRedirect()')
    await isReady()
    assert.equal(await page.evaluate(() => client.getAllAccounts().length), 0)
  })
})
