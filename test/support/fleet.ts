import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '#base/clock.ts'
import { type Log, openLog } from '#base/log.ts'
import { readConfig } from '#config.ts'
import { type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import { openJobs } from '#jobs/open.ts'
import { type AppDefinition, defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { migrate } from '#store/database/migrate.ts'
import { openStore } from '#store/database/open.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import { aTenant } from '#test/support/made-up.ts'
import { openTools, type Tools } from '#tools.ts'

const HOME = '11111111-1111-4111-8111-111111111111'
export const APP = 'aaaaaaaa-1111-4222-8333-444444444444'
const WRITER = 'bbbbbbbb-1111-4222-8333-444444444444'
const SECRET = 'secret of a test'

export const tenantIdOf = (index: number) =>
  `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}` as TenantId

/** Tenants in which the app has all it declares, and in which a second app may change people and groups. */
export type Fleet = AsyncDisposable & {
  emulator: Emulator
  tools: Tools
  tenantIds: readonly TenantId[]
  app: AppDefinition
  /** More tools on the same database: another process, as far as the database can tell. */
  moreTools(): Promise<Tools>
  /** Asks Graph as the app that may change people and groups. */
  change(tenantId: TenantId, method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
}

export const APP_OF_TESTS = defineApp({
  name: 'Insights',
  publisher: 'Northwind',
  description: 'For tests.',
  permissions: [
    { value: 'User.Read.All', reason: 'Reads people.' },
    { value: 'Group.Read.All', reason: 'Reads groups.' },
  ],
})

export async function openFleet({
  tenants = 1,
  users = 60,
  groups = 6,
  databaseUrl = null,
  app = APP_OF_TESTS,
  clock = systemClock,
  log = openLog('silent'),
  connect = true,
  env = {},
  estate = (usual) => usual,
}: {
  tenants?: number
  users?: number
  groups?: number
  databaseUrl?: string | null
  app?: AppDefinition
  clock?: Clock
  log?: Log
  /** Whether the tenants are known to us already. */
  connect?: boolean
  env?: Record<string, string>
  /** What is different from the usual estate. */
  estate?: (usual: EstateInput) => EstateInput
} = {}): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-fleet-'))
  opened.defer(() => rmSync(folder, { recursive: true, force: true }))
  const tenantIds = Array.from({ length: tenants }, (_, index) => tenantIdOf(index + 1))
  const permissions = app.permissions.map(({ value }) => value)
  const emulator = opened.use(
    await startEmulator({ estate: estate(estateOf(tenantIds, permissions, { users, groups })), dataDir: folder }),
  )
  const { config, mistakes } = readConfig(
    {
      TENANTRY_CLOUD: 'emulator',
      TENANTRY_CLIENT_ID: APP,
      TENANTRY_HOME_TENANT_ID: HOME,
      TENANTRY_CLIENT_SECRET: SECRET,
      TENANTRY_EMULATOR_ORIGIN: emulator.origin,
      TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
      TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
      TENANTRY_DATA_DIR: join(folder, 'tenantry'),
      ...(databaseUrl ? { TENANTRY_DATABASE_URL: databaseUrl } : {}),
      ...env,
    },
    app,
  )
  if (!config) throw new Error(`The configuration of the test is wrong: ${JSON.stringify(mistakes)}`)
  if (!databaseUrl) layEmptyDatabase(config.dataDir)
  if (databaseUrl) {
    await using store = await openStore({ databaseUrl, dataDir: folder, clock, log })
    await migrate(store)
    await using _jobs = await openJobs({ store, log, work: false, migrate: true })
  }
  const tools = opened.use(await openTools(config, { log, clock, work: true }))
  if (connect)
    for (const [index, id] of tenantIds.entries())
      await aTenant(tools.store, { id, displayName: `Tenant ${index + 1}` })
  const tokens = new Map<TenantId, Promise<string>>()
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, emulator.ca)
  const closing = opened.move()
  return {
    emulator,
    tools,
    tenantIds,
    app,
    moreTools: async () => closing.use(await openTools(config, { log, clock, work: true })),
    async change(tenantId, method, path, body) {
      const token = tokens.get(tenantId) ?? writerToken(emulator, tenantId)
      tokens.set(tenantId, token)
      const response = await fetch(`${emulator.browserOrigin}/v1.0${path}`, {
        method,
        headers: { authorization: `Bearer ${await token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function writerToken(emulator: Emulator, tenantId: TenantId): Promise<string> {
  const response = await fetch(`${emulator.browserOrigin}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: WRITER,
      client_secret: SECRET,
      scope: 'https://graph.microsoft.com/.default',
    }),
  })
  const { access_token } = (await response.json()) as { access_token?: string }
  if (!access_token) throw new Error(`No token for the writer in ${tenantId}: ${response.status}`)
  return access_token
}

function estateOf(
  tenantIds: readonly TenantId[],
  permissions: readonly string[],
  { users, groups }: { users: number; groups: number },
): EstateInput {
  const application = (appId: string, displayName: string) => ({
    appId,
    homeTenant: HOME,
    displayName,
    secrets: [{ value: SECRET }],
  })
  return {
    tenants: [
      { id: HOME, displayName: 'Northwind', domains: ['northwind.onmicrosoft.com'], users: [] },
      ...tenantIds.map((id, index) => ({
        id,
        displayName: `Tenant ${index + 1}`,
        domains: [`tenant${index + 1}.onmicrosoft.com`],
        users: [],
        generated: { users, groups, seed: index + 1 },
      })),
    ],
    applications: [application(APP, 'Insights'), application(WRITER, 'Writer')],
    servicePrincipals: tenantIds.flatMap((tenant) => [
      { tenant, appId: APP, application: [...permissions] },
      { tenant, appId: WRITER, application: ['User.ReadWrite.All', 'Group.ReadWrite.All'] },
    ]),
  }
}
