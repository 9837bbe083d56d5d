import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { listen } from '#bin/listen.ts'
import { type Config, readConfig } from '#config.ts'
import { DEMO, demoEstate, type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import { openSignup } from '#signup/app.ts'
import { FEW_PEOPLE, permissions } from '#test/signup/support/customers.ts'
import { silentLog } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import type { Scope } from '#test/support/suite-scope.ts'
import { openTools, type Tools } from '#tools.ts'

/** The landing page as customers meet it, over HTTP, embedded, with the emulator as Microsoft. */
export type Site = {
  emulator: Emulator
  tools: Tools
  config: Config
  /** An origin. */
  url: string
}

/** What seals the cookies of every site that is opened here. */
export const SESSION_KEY = new Uint8Array(32).fill(7)

/** Opened for one test or one file; closed after it, the last opened first. */
export async function openSite(
  scope: Scope,
  {
    clock = systemClock,
    tenants = [],
    log = silentLog,
    work = false,
    settings = {},
  }: {
    clock?: Clock
    tenants?: EstateInput['tenants']
    log?: Log
    work?: boolean
    settings?: Readonly<Record<string, string>>
  } = {},
): Promise<Site> {
  const open = new AsyncDisposableStack()
  scope.after(() => open.disposeAsync())
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-test-'))
  open.defer(() => rmSync(folder, { recursive: true, force: true }))
  let answer: (request: Request, env: object) => Response | Promise<Response> = () =>
    new Response(null, { status: 503 })
  const door = open.use(
    await listen((request, env) => answer(request, env), { host: '127.0.0.1', port: 0, setting: 'a free port' }),
  )
  const url = `http://localhost:${door.port}`
  layEmptyDatabase(folder)
  const emulator = open.use(
    await startEmulator({ dataDir: folder, estate: estateOf(tenants, `${url}/sign-up/callback`) }),
  )
  const { config, mistakes } = readConfig(
    {
      TENANTRY_CLOUD: 'emulator',
      TENANTRY_CLIENT_ID: DEMO.appId,
      TENANTRY_HOME_TENANT_ID: DEMO.home,
      TENANTRY_CLIENT_SECRET: DEMO.secret,
      TENANTRY_DATA_DIR: folder,
      TENANTRY_PUBLIC_URL: url,
      TENANTRY_EMULATOR_ORIGIN: emulator.origin,
      TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
      TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
      ...settings,
    },
    {
      name: 'Northwind Insights',
      publisher: 'Northwind Software',
      description: 'Keeps your charts up to date.',
      permissions,
      supportEmail: 'support@northwind.example',
      privacyUrl: 'https://northwind.example/privacy',
      termsUrl: 'https://northwind.example/terms',
    },
  )
  if (!config) throw new Error(JSON.stringify(mistakes))
  const tools = open.use(await openTools(config, { log, clock, work }))
  answer = openSignup(tools, { sessionKey: SESSION_KEY }).fetch
  return { emulator, tools, config, url }
}

/** The same site under another name, such as behind a proxy that speaks https, or with another key; asked without a network. */
export const siteUnder = (tools: Tools, publicUrl: string, sessionKey = SESSION_KEY) =>
  openSignup({ ...tools, config: { ...tools.config, publicUrl } }, { sessionKey })

const estateOf = (tenants: EstateInput['tenants'], redirectUri: string): EstateInput => ({
  ...demoEstate,
  tenants: [...demoEstate.tenants.map((tenant) => ({ ...tenant, generated: FEW_PEOPLE })), ...tenants],
  applications: (demoEstate.applications ?? []).map((application) => ({
    ...application,
    redirectUris: [redirectUri, 'http://localhost:3001/sign-in/callback'],
  })),
})
