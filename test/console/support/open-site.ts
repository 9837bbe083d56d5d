import { type Clock, systemClock } from '#base/clock.ts'
import { listen } from '#bin/listen.ts'
import { type Config, readConfig } from '#config.ts'
import { openConsole } from '#console/app.ts'
import { DEMO, demoEstate, type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import type { AppDefinition } from '#model/app.ts'
import type { JobDefinition } from '#model/job.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import type { Scope } from '#test/support/suite-scope.ts'
import { openTools, type Tools } from '#tools.ts'

/** The console as operators meet it, over HTTP, with the emulator as Microsoft. No worker runs. */
export type Site = {
  /** An origin. */
  url: string
  emulator: Emulator
  tools: Tools
  config: Config
}

const SESSION_KEY = new Uint8Array(32).fill(9)
const APP = {
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads.',
  permissions: ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'].map((value) => ({
    value,
    reason: 'Is needed.',
  })),
}

/** Opened for one test or one suite; closed after it, the last opened first. */
export async function openSite(
  scope: Scope,
  {
    clock = systemClock,
    estate = demoEstate,
    jobs = [],
    app = {},
    settings = {},
  }: {
    clock?: Clock
    estate?: EstateInput
    jobs?: readonly JobDefinition[]
    /** What is different of the usual app. */
    app?: Partial<AppDefinition>
    settings?: Readonly<Record<string, string>>
  } = {},
): Promise<Site> {
  const open = new AsyncDisposableStack()
  scope.after(() => open.disposeAsync())
  const folder = temporaryFolder({ after: (close) => open.defer(close) })
  layEmptyDatabase(folder)
  let answer: (request: Request, env: object) => Response | Promise<Response> = () =>
    new Response(null, { status: 503 })
  const door = open.use(
    await listen((request, env) => answer(request, env), { host: '127.0.0.1', port: 0, setting: '' }),
  )
  const url = `http://localhost:${door.port}`
  const emulator = open.use(
    await startEmulator({ dataDir: folder, estate: returningTo(estate, `${url}/sign-in/callback`) }),
  )
  const { config, mistakes } = readConfig(
    {
      TENANTRY_CLOUD: 'emulator',
      TENANTRY_CLIENT_ID: DEMO.appId,
      TENANTRY_HOME_TENANT_ID: DEMO.home,
      TENANTRY_CLIENT_SECRET: DEMO.secret,
      TENANTRY_DATA_DIR: folder,
      TENANTRY_CONSOLE_URL: url,
      TENANTRY_EMULATOR_ORIGIN: emulator.origin,
      TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
      TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
      ...settings,
    },
    { ...APP, jobs, ...app },
  )
  if (!config) throw new Error(JSON.stringify(mistakes))
  const tools = open.use(await openTools(config, { log: silentLog, clock }))
  answer = openConsole(tools, { sessionKey: SESSION_KEY }).fetch
  return { url, emulator, tools, config }
}

/** The same site under another name, such as behind a proxy that speaks https; asked without a network. */
export const siteUnder = (tools: Tools, consoleUrl: string) =>
  openConsole({ ...tools, config: { ...tools.config, consoleUrl } }, { sessionKey: SESSION_KEY })

const returningTo = (estate: EstateInput, redirectUri: string): EstateInput => ({
  ...estate,
  applications: (estate.applications ?? []).map((application) => ({ ...application, redirectUris: [redirectUri] })),
})
