import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '#base/clock.ts'
import { type Config, readConfig } from '#config.ts'
import { DEMO, type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import { connectTenant } from '#flows/connect-tenant.ts'
import { verifyAccess } from '#flows/verify-access.ts'
import type { AppDefinition } from '#model/app.ts'
import type { ObjectId, SignUpId, TenantId } from '#model/ids.ts'
import { silentLog, temporaryFolder } from '#test/support/backends.ts'
import { openTools, type Tools } from '#tools.ts'

type Scope = Parameters<typeof temporaryFolder>[0]

/** Tenantry as its ISV runs it, embedded, with the emulator's demo as Microsoft. */
export type Installation = { emulator: Emulator; tools: Tools; config: Config }

export const FABRIKAM = DEMO.fabrikam as TenantId
export const CONTOSO = DEMO.contoso as TenantId

const DEFINITION: AppDefinition = {
  name: 'Insights',
  publisher: 'Northwind',
  description: 'Reads.',
  permissions: [
    { value: 'User.Read.All', reason: 'Reads people.' },
    { value: 'Group.Read.All', reason: 'Reads teams.' },
    { value: 'Organization.Read.All', reason: 'Reads the name.' },
  ],
}

/** Opened for one test or one file; closed and removed after it. */
export async function openInstallation(
  scope: Scope,
  {
    permissions = DEFINITION.permissions.map(({ value }) => value),
    clock = systemClock,
    estate,
  }: { permissions?: readonly string[]; clock?: Clock; estate?: EstateInput } = {},
): Promise<Installation> {
  const folder = temporaryFolder(scope)
  const emulator = await startEmulator({ dataDir: folder, ...(estate ? { estate } : {}) })
  scope.after(() => emulator.close())
  const { config, mistakes } = readConfig(
    {
      TENANTRY_CLOUD: 'emulator',
      TENANTRY_CLIENT_ID: DEMO.appId,
      TENANTRY_HOME_TENANT_ID: DEMO.home,
      TENANTRY_CLIENT_SECRET: DEMO.secret,
      TENANTRY_DATA_DIR: folder,
      TENANTRY_EMULATOR_ORIGIN: emulator.origin,
      TENANTRY_EMULATOR_BROWSER_ORIGIN: emulator.browserOrigin,
      TENANTRY_EMULATOR_CA_FILE: emulator.caFile ?? '',
    },
    { ...DEFINITION, permissions: permissions.map((value) => ({ value, reason: 'Is needed.' })) },
  )
  if (!config) throw new Error(JSON.stringify(mistakes))
  const tools = await openTools(config, { log: silentLog, clock })
  scope.after(() => tools[Symbol.asyncDispose]())
  return { emulator, tools, config }
}

/** A customer's tenant with everything granted, connected as a sign-up leaves it. */
export async function connect({ emulator, tools, config }: Installation, tenantId: TenantId): Promise<void> {
  await emulator.directory.addServicePrincipal({ tenant: tenantId, app: DEMO.appId })
  for (const { value } of config.app.permissions)
    await emulator.directory.grantPermission({ tenant: tenantId, app: DEMO.appId, permission: value })
  await connectTenant(tools, {
    signUpId: randomUUID() as SignUpId,
    tenantId,
    administratorId: randomUUID() as ObjectId,
    displayName: 'Customer',
    defaultDomain: null,
    access: await verifyAccess(tools, tenantId),
  })
}
