import { tmpdir } from 'node:os'
import { systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import { type Config, readConfig } from '#config.ts'
import type { EstateInput } from '#emulator/index.ts'
import { openJobs } from '#jobs/open.ts'
import { type AppDefinition, defineApp } from '#model/app.ts'
import type { TenantId } from '#model/ids.ts'
import { migrate } from '#store/database/migrate.ts'
import { openStore } from '#store/database/open.ts'

export const HOME = '11111111-1111-4111-8111-111111111111'
export const APP = 'aaaaaaaa-1111-4222-8333-444444444444'
export const SECRET = 'secret of a benchmark'

export const tenantIdOf = (index: number) =>
  `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}` as TenantId

/** An app that reads people and nothing else, so that peers that read people can be compared with it. */
export const APP_OF_BENCH: AppDefinition = defineApp({
  name: 'Bench',
  publisher: 'Bench',
  description: 'For measurements.',
  permissions: [{ value: 'User.Read.All', reason: 'Reads people.' }],
})

export const estateOf = (sizes: readonly number[]): EstateInput => ({
  tenants: [
    { id: HOME, displayName: 'Home', domains: ['home.onmicrosoft.com'], users: [] },
    ...sizes.map((users, index) => ({
      id: tenantIdOf(index + 1),
      displayName: `Tenant ${index + 1}`,
      domains: [`tenant${index + 1}.onmicrosoft.com`],
      users: [],
      generated: { users, groups: 0, seed: index + 1 },
    })),
  ],
  applications: [{ appId: APP, homeTenant: HOME, displayName: 'Bench', secrets: [{ value: SECRET }] }],
  servicePrincipals: sizes.map((_, index) => ({
    tenant: tenantIdOf(index + 1),
    appId: APP,
    application: ['User.Read.All'],
  })),
})

export type Where = { origin: string; browserOrigin: string; caFile: string; databaseUrl: string }

export function configFor(
  { origin, browserOrigin, caFile, databaseUrl }: Where,
  env: Record<string, string> = {},
  app: AppDefinition = APP_OF_BENCH,
): Config {
  const { config, mistakes } = readConfig(
    {
      TENANTRY_CLOUD: 'emulator',
      TENANTRY_CLIENT_ID: APP,
      TENANTRY_HOME_TENANT_ID: HOME,
      TENANTRY_CLIENT_SECRET: SECRET,
      TENANTRY_EMULATOR_ORIGIN: origin,
      TENANTRY_EMULATOR_BROWSER_ORIGIN: browserOrigin,
      TENANTRY_EMULATOR_CA_FILE: caFile,
      TENANTRY_DATABASE_URL: databaseUrl,
      // Nothing is written there beside a server, and nobody signs in.
      TENANTRY_DATA_DIR: tmpdir(),
      TENANTRY_LOG_LEVEL: 'warn',
      ...env,
    },
    app,
  )
  if (!config) throw new Error(JSON.stringify(mistakes))
  return config
}

/** Brings an empty database up to date, as `tenantry migrate` does. */
export async function prepareDatabase(databaseUrl: string): Promise<void> {
  const log = openLog('silent')
  await using store = await openStore({ databaseUrl, dataDir: tmpdir(), clock: systemClock, log })
  await migrate(store)
  await using _jobs = await openJobs({ store, log, work: false, migrate: true })
}
