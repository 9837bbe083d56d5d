import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '#base/clock.ts'
import { type Config, readConfig } from '#config.ts'
import { DEMO, demoEstate, type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import { connectTenant } from '#flows/tenants/connect-tenant.ts'
import { verifyAccess } from '#flows/tenants/verify-access.ts'
import type { ProvenAdministrator } from '#model/administrator.ts'
import type { AppDefinition } from '#model/app.ts'
import { type ObjectId, parseTenantId, type SignUpId, type TenantId } from '#model/ids.ts'
import { silentLog } from '#test/support/backends.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import type { Scope } from '#test/support/suite-scope.ts'
import { openTools, type Tools } from '#tools.ts'

/** Tenantry as its ISV runs it, embedded, with the emulator's demo as Microsoft. */
export type Installation = { emulator: Emulator; tools: Tools; config: Config }

export const FABRIKAM = DEMO.fabrikam as TenantId
export const CONTOSO = DEMO.contoso as TenantId

const customerId = (digit: number) => parseTenantId(`70000000-0000-4000-8000-00000000000${digit}`) as TenantId
/** Small tenants beside the demo's, so that the tests of a file can each have their own. */
export const CUSTOMERS = [
  customerId(0),
  customerId(1),
  customerId(2),
  customerId(3),
  customerId(4),
  customerId(5),
] as const
const domainOf = (tenantId: TenantId): string => `customer${tenantId.at(-1)}.example`
/** A Global Administrator, and an Application Administrator, who may consent but not grant. */
export const graceOf = (tenantId: TenantId): string => `grace@${domainOf(tenantId)}`
export const adamOf = (tenantId: TenantId): string => `adam@${domainOf(tenantId)}`

const customer = (id: TenantId) => ({
  id,
  displayName: `Customer ${id.at(-1)}`,
  domains: [domainOf(id)],
  users: [
    { userPrincipalName: graceOf(id), displayName: 'Grace', password: DEMO.password, roles: ['Global Administrator'] },
    {
      userPrincipalName: adamOf(id),
      displayName: 'Adam',
      password: DEMO.password,
      roles: ['Application Administrator'],
    },
  ],
  generated: { users: 30, groups: 4, seed: 3 },
})

/** The emulator's demo, and the small tenants. */
const withCustomers: EstateInput = { ...demoEstate, tenants: [...demoEstate.tenants, ...CUSTOMERS.map(customer)] }

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

/** Opened for one test or one file; closed and removed after it, the last opened first. */
export async function openInstallation(
  scope: Scope,
  {
    permissions = DEFINITION.permissions.map(({ value }) => value),
    clock = systemClock,
    estate = withCustomers,
    settings = {},
  }: {
    permissions?: readonly string[]
    clock?: Clock
    estate?: EstateInput
    settings?: Readonly<Record<string, string>>
  } = {},
): Promise<Installation> {
  const open = new AsyncDisposableStack()
  scope.after(() => open.disposeAsync())
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-test-'))
  open.defer(() => rmSync(folder, { recursive: true, force: true }))
  const emulator = open.use(await startEmulator({ dataDir: folder, estate }))
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
      ...settings,
    },
    { ...DEFINITION, permissions: permissions.map((value) => ({ value, reason: 'Is needed.' })) },
  )
  if (!config) throw new Error(JSON.stringify(mistakes))
  if (!config.databaseUrl) layEmptyDatabase(folder)
  const tools = open.use(await openTools(config, { log: silentLog, clock }))
  return { emulator, tools, config }
}

/** A customer's tenant with everything granted, connected as a sign-up leaves it. */
export async function connect({ emulator, tools, config }: Installation, tenantId: TenantId): Promise<void> {
  await emulator.directory.addServicePrincipal({ tenant: tenantId, app: DEMO.appId })
  for (const { value } of config.app.permissions)
    await emulator.directory.grantPermission({ tenant: tenantId, app: DEMO.appId, permission: value })
  await connectTenant(tools, {
    signUpId: randomUUID() as SignUpId,
    administrator: { tenantId, objectId: randomUUID() as ObjectId } as ProvenAdministrator,
    displayName: 'Customer',
    defaultDomain: null,
    access: await verifyAccess(tools, tenantId),
  })
}
