import { type Clock, systemClock } from '#base/clock.ts'
import { DEMO, type Emulator, type EstateInput, startEmulator } from '#emulator/index.ts'
import { appToken } from '#entra/app-token.ts'
import { type Entra, type EntraCredential, openEntra } from '#entra/open.ts'
import { type Graph, openGraph } from '#graph/open.ts'
import { type Cloud, emulatorCloud } from '#model/cloud.ts'
import type { ClientId, TenantId } from '#model/ids.ts'
import { type Outbound, openOutbound } from '#outbound/open.ts'
import { silentLog } from '#test/support/backends.ts'
import type { Scope } from '#test/support/suite-scope.ts'

/** The two gates to the emulator, real MSAL and real HTTPS, without a database behind them. */
export type Gates = {
  emulator: Emulator
  cloud: Cloud
  outbound: Outbound
  entra: Entra
  /** Microsoft Graph in one tenant, as the app itself. */
  graphIn(tenantId: TenantId): Graph
  /** The gate to Entra ID once more, with something about it changed and nothing remembered. */
  entraWith(change: { credential?: EntraCredential; clientId?: string; clock?: Clock }): Entra
}

export const PERMISSIONS = ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'] as const

/** Opened for one test or one file; closed after it. */
export async function openGates(
  scope: Scope,
  { clock = systemClock, estate }: { clock?: Clock; estate?: EstateInput } = {},
): Promise<Gates> {
  const emulator = await startEmulator(estate ? { estate } : {})
  scope.after(() => emulator.close())
  const cloud = emulatorCloud(emulator.origin, emulator.browserOrigin)
  const outbound = openOutbound({ origins: [emulator.origin], ca: emulator.ca, log: silentLog })
  scope.after(() => outbound.close())
  const options = {
    cloud,
    outbound,
    clock,
    log: silentLog,
    clientId: DEMO.appId as ClientId,
    homeTenantId: DEMO.home as TenantId,
    credential: { kind: 'secret', secret: DEMO.secret },
  } as const
  const entra = openEntra(options)
  return {
    emulator,
    cloud,
    outbound,
    entra,
    graphIn: (tenantId) =>
      openGraph({
        cloud,
        outbound,
        clock,
        log: silentLog,
        tenantId,
        token: async (wish) => (await appToken(entra, tenantId, wish ?? {})).value,
        priority: 'low',
      }),
    entraWith: ({ clientId, ...change }) =>
      openEntra({ ...options, ...change, ...(clientId ? { clientId: clientId as ClientId } : {}) }),
  }
}

/** A customer's tenant in which the app is present and holds everything. */
export async function consent({ emulator }: Pick<Gates, 'emulator'>, tenant: TenantId): Promise<void> {
  await emulator.directory.addServicePrincipal({ tenant, app: DEMO.appId })
  for (const permission of PERMISSIONS)
    await emulator.directory.grantPermission({ tenant, app: DEMO.appId, permission })
}
