import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { startEmulator } from '#emulator/index.ts'
import { APP, CONTOSO, FABRIKAM, GRAPH_DEFAULT, SECRET, testEstate } from '#emulator/test/support/estate.ts'
import { ask, askToken } from '#emulator/test/support/token.ts'

const emulator = await startEmulator({ estate: testEstate() })
after(() => emulator.close())
beforeEach(() => emulator.reset())

/** The client's address: what came there, by which way. */
const arrived: { method: string; fields: URLSearchParams }[] = []
const client = createServer((request, response) => {
  void text(request).then((body) => {
    const query = new URL(request.url ?? '/', 'http://localhost').search
    const isCallback = request.url?.startsWith('/callback')
    if (isCallback) arrived.push({ method: request.method ?? '', fields: new URLSearchParams(body || query) })
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Client</title>Arrived')
  })
}).listen(0, 'localhost')
await once(client, 'listening')
after(() => client.close())
const redirectUri = `http://localhost:${(client.address() as AddressInfo).port}/callback`

let browser: Browser
before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  })
})
after(() => browser.close())

async function newPage(options: { width?: number; dark?: boolean } = {}): Promise<{ page: Page; mistakes: string[] }> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: 800 },
    colorScheme: options.dark ? 'dark' : 'light',
  })
  const page = await context.newPage()
  const mistakes: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Refused/.test(message.text()))
      mistakes.push(message.text())
  })
  page.on('pageerror', (error) => mistakes.push(error.message))
  return { page, mistakes }
}

const authorize = (more: Record<string, string> = {}) =>
  `${emulator.browserOrigin}/organizations/oauth2/v2.0/authorize?${new URLSearchParams({
    client_id: APP,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile User.Read',
    state: 'the-state',
    ...more,
  })}`

/** Dark differs from light in its colours alone. */
async function isSound(page: Page, name: string, { dark = false }: { dark?: boolean } = {}): Promise<void> {
  const axe = new AxeBuilder({ page })
  const { violations } = await (dark ? axe.withRules(['color-contrast']) : axe).analyze()
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]?.html}`),
    [],
  )
  const overflows = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')
  assert.equal(overflows, false, `${name} is wider than the screen`)
}

test('by keyboard alone: account, Enter, password, Enter, Accept, and back at the client by form_post', async () => {
  const { page, mistakes } = await newPage()
  await page.goto(authorize({ response_mode: 'form_post' }))
  await page.waitForSelector('#loginfmt:focus')
  await page.keyboard.type('uma@fabrikam.example')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#passwd:focus')
  await page.keyboard.type('Passw0rd!')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Permissions requested' }).waitFor()
  await page.getByRole('button', { name: 'Accept' }).focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(redirectUri)
  const [last] = arrived.slice(-1)
  assert.equal(last?.method, 'POST')
  assert.ok(last?.fields.get('code'))
  assert.equal(last?.fields.get('state'), 'the-state')
  assert.deepEqual(mistakes, [])
  await page.context().close()
})

test('the answer in the query arrives past the page’s own policy, and a picker offers who is signed in', async () => {
  const { page, mistakes } = await newPage()
  await page.goto(authorize())
  await page.getByText('Accounts of this emulator').click()
  await page.getByRole('button', { name: /grace@contoso\.example/ }).click()
  await page.fill('#passwd', 'Passw0rd!')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Consent on behalf of your organization').check()
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.waitForURL((url) => url.href.startsWith(redirectUri))
  await page.goto(authorize({ prompt: 'select_account' }))
  await page.getByRole('button', { name: /Grace Global/ }).click()
  await page.waitForURL((url) => url.href.startsWith(redirectUri))
  assert.ok(arrived.at(-1)?.fields.get('code'))
  assert.deepEqual(mistakes, [])
  await page.context().close()
})

for (const width of [360, 1440])
  for (const dark of [false, true])
    test(`every page is accessible and fits at ${width} px, ${dark ? 'dark' : 'light'}`, async () => {
      const { page, mistakes } = await newPage({ width, dark })
      const walk = async (url: string, username: string) => {
        await page.goto(url)
        await page.fill('#loginfmt', username)
        await page.getByRole('button', { name: 'Next' }).click()
        await page.fill('#passwd', 'Passw0rd!')
        await page.getByRole('button', { name: 'Sign in' }).click()
      }
      await page.goto(authorize())
      await isSound(page, 'account', { dark })
      await page.fill('#loginfmt', 'nobody@fabrikam.example')
      await page.getByRole('button', { name: 'Next' }).click()
      await isSound(page, 'unknown account', { dark })
      await page.fill('#loginfmt', 'uma@fabrikam.example')
      await page.getByRole('button', { name: 'Next' }).click()
      await isSound(page, 'password', { dark })
      await walk(authorize({ prompt: 'login' }), 'uma@fabrikam.example')
      await isSound(page, 'consent', { dark })
      await page.goto(authorize({ scope: 'openid Application.Read.All' }))
      await isSound(page, 'approval', { dark })
      await page.goto(authorize({ prompt: 'select_account' }))
      await isSound(page, 'picker', { dark })
      await page.goto(authorize({ redirect_uri: 'https://evil.example/' }))
      await isSound(page, 'error', { dark })
      const consent = `${emulator.browserOrigin}/organizations/v2.0/adminconsent?${new URLSearchParams({ client_id: APP, redirect_uri: redirectUri, scope: GRAPH_DEFAULT })}`
      await page.context().clearCookies()
      await walk(consent, 'grace@fabrikam.example')
      await isSound(page, 'administrator consent', { dark })
      for (const path of [
        '/_emulator/',
        `/_emulator/tenants/${CONTOSO}`,
        `/_emulator/tenants/${CONTOSO}?search=a`,
        '/_emulator/requests/page?refused=1',
        '/_emulator/tokens',
        '/_emulator/token',
      ]) {
        await page.goto(emulator.browserOrigin + path)
        await isSound(page, path, { dark })
      }
      await page.goto(`${emulator.browserOrigin}/organizations/oauth2/v2.0/logout`)
      await isSound(page, 'signed out', { dark })
      assert.deepEqual(mistakes, [])
      await page.context().close()
    })

test('inside: tokens that were given, decoded and of no use to anybody; people, consents; refused requests alone', async () => {
  const form = { grant_type: 'client_credentials', client_id: APP, client_secret: SECRET, scope: GRAPH_DEFAULT }
  const { body } = await askToken(emulator, CONTOSO, form)
  const [, claims = '', signature = ''] = String(body.access_token).split('.')
  await ask(emulator, '/v1.0/groups', { headers: { authorization: `Bearer ${body.access_token}` } })
  const { page, mistakes } = await newPage()

  await page.goto(`${emulator.browserOrigin}/_emulator/tokens`)
  await page.locator('summary', { hasText: 'Daemon' }).press('Enter')
  const { uti } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  assert.match(await page.innerText('details[open]'), new RegExp(uti))
  assert.ok(!(await page.content()).includes(signature), 'no signature')

  await page.getByRole('link', { name: 'Requests' }).click()
  await page.getByLabel('Refused only').check()
  await page.getByLabel('Path contains').fill('groups')
  await page.getByRole('button', { name: 'Show' }).press('Enter')
  const rows = page.locator('tbody tr')
  assert.equal(await rows.count(), 1)
  assert.match(
    await rows.innerText(),
    /403[\s\S]*needs one of [\s\S]*Group\.Read\.All[\s\S]*the token carries User\.Read\.All/,
  )

  await page.goto(`${emulator.browserOrigin}/_emulator/tenants/${CONTOSO}`)
  await page.getByLabel('Name contains').fill('UMA')
  await page.getByRole('button', { name: 'Show' }).click()
  assert.match(await page.innerText('#people'), /1 users?\b[\s\S]*uma@contoso\.example/)
  assert.deepEqual(mistakes, [])
  await page.context().close()
  emulator.reset()
  const after = await fetch(`${emulator.browserOrigin}/_emulator/tokens`)
  assert.ok(!(await after.text()).includes(uti), 'a reset forgets them')
})

test('inside: a snapshot is taken, and gone back to, by its buttons', async () => {
  const { page } = await newPage()
  await page.goto(`${emulator.browserOrigin}/_emulator/`)
  await page.getByRole('button', { name: 'Take a snapshot' }).click()
  await page.getByRole('button', { name: 'Back to snapshot 1' }).waitFor()
  await emulator.directory.deleteUser({ tenant: CONTOSO, user: 'uma@contoso.example' })
  const names = () =>
    emulator
      .estate()
      .tenants.find(({ id }) => id === CONTOSO)
      ?.accounts.map(({ displayName }) => displayName) ?? []
  assert.equal(names().includes('Uma User'), false)
  await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/levers/restore')),
    page.getByRole('button', { name: 'Back to snapshot 1' }).click(),
  ])
  assert.equal(names().includes('Uma User'), true)
  await page.context().close()
})

for (const { width, dark } of [
  { width: 360, dark: true },
  { width: 1440, dark: false },
])
  test(`what policies bring up is accessible and fits at ${width} px: second factor, new password, a block`, async () => {
    await emulator.directory.setConditionalAccess({
      tenant: FABRIKAM,
      policies: [
        { displayName: 'Second factor', users: ['uma@fabrikam.example'], requires: 'mfa' },
        { displayName: 'Block', users: ['adam@fabrikam.example'], requires: 'block' },
      ],
    })
    await emulator.directory.setSecondFactor({ tenant: FABRIKAM, user: 'uma@fabrikam.example', present: false })
    await emulator.directory.expirePassword({ tenant: FABRIKAM, user: 'grace@fabrikam.example' })
    const { page, mistakes } = await newPage({ width, dark })
    const walk = async (username: string) => {
      await page.goto(authorize({ prompt: 'login' }))
      await page.fill('#loginfmt', username)
      await page.getByRole('button', { name: 'Next' }).click()
      await page.fill('#passwd', 'Passw0rd!')
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await walk('uma@fabrikam.example')
    await page.getByRole('heading', { name: 'More information required' }).waitFor()
    await isSound(page, 'set up', { dark })
    await page.getByRole('button', { name: 'Next' }).click()
    await page.fill('#otc', '000000')
    await page.keyboard.press('Enter')
    await page.getByText('That code is not right').waitFor()
    await isSound(page, 'code', { dark })
    await page.fill('#otc', '123456')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Permissions requested' }).waitFor()
    await walk('grace@fabrikam.example')
    await page.getByRole('heading', { name: 'Update your password' }).waitFor()
    await isSound(page, 'new password', { dark })
    await walk('adam@fabrikam.example')
    await page.getByRole('heading', { name: 'You cannot access this right now' }).waitFor()
    await isSound(page, 'block', { dark })
    await page.goto(`${emulator.browserOrigin}/error?code=53003`)
    await page.getByText('Access has been blocked by Conditional Access policies').waitFor()
    await isSound(page, 'code explained', { dark })
    assert.deepEqual(mistakes, [])
    await page.context().close()
  })

test('inside: tenants, why a request was refused, the clock’s lever, and a token read', async () => {
  const form = { grant_type: 'client_credentials', client_id: APP, client_secret: SECRET, scope: GRAPH_DEFAULT }
  const { body } = await askToken(emulator, CONTOSO, form)
  await askToken(emulator, CONTOSO, { ...form, client_secret: 'wrong' })
  const { page, mistakes } = await newPage()
  await page.goto(`${emulator.browserOrigin}/_emulator/`)
  assert.match(await page.innerText('main'), /AADSTS7000215: Invalid client secret/)
  await page.getByRole('button', { name: 'A day on' }).click()
  await page.getByText('turned').waitFor()
  assert.ok(emulator.clock.now().getTime() > Date.now() + 86_000_000)
  await page.getByRole('link', { name: 'Contoso' }).click()
  assert.match(await page.innerText('main'), /User\.Read\.All/)
  await page.getByRole('link', { name: 'Read a token' }).click()
  await page.fill('#token', body.access_token)
  await page.getByRole('button', { name: 'Read' }).click()
  const read = await page.innerText('main')
  assert.match(read, /"idtyp": "app"/)
  assert.match(read, /signed by this emulator/)
  assert.match(read, /expired/)
  await page.fill('#token', 'nonsense')
  await page.getByRole('button', { name: 'Read' }).click()
  assert.match(await page.innerText('main'), /no JSON Web Token/)
  assert.deepEqual(mistakes, [])
  await page.context().close()
})

test('S16 names of tenants, apps and people are shown, never run', async () => {
  const evil = '<script>document.title="owned"</script><b>'
  const estate = testEstate()
  await using hostile = await startEmulator({
    estate: {
      ...estate,
      tenants: estate.tenants.map((tenant) => ({ ...tenant, displayName: `${evil}${tenant.displayName}` })),
      applications:
        estate.applications?.map((app) => ({ ...app, displayName: evil, termsOfServiceUrl: 'javascript:alert(1)' })) ??
        [],
    },
  })
  const { page, mistakes } = await newPage()
  await page.goto(authorize().replace(emulator.browserOrigin, hostile.browserOrigin))
  await page.fill('#loginfmt', 'uma@fabrikam.example')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.fill('#passwd', 'Passw0rd!')
  await page.getByRole('button', { name: 'Sign in' }).click()
  assert.ok((await page.innerText('main')).includes(evil))
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0)
  await page.goto(`${hostile.browserOrigin}/_emulator/`)
  assert.ok((await page.innerText('main')).includes(evil))
  assert.notEqual(await page.title(), 'owned')
  assert.deepEqual(mistakes, [])
  await page.context().close()
})
