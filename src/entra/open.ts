import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { AppToken } from '#entra/app-token.ts'
import { type Jwks, openJwks } from '#entra/jwks.ts'
import { openTokenCache, type TokenCache } from '#entra/token-cache.ts'
import type { Cloud } from '#model/cloud.ts'
import type { ClientId, TenantId } from '#model/ids.ts'
import type { Outbound } from '#outbound/open.ts'
import type { Telemetry } from '#telemetry/open.ts'

/** How the app proves to Microsoft that it is itself. */
export type EntraCredential =
  | { kind: 'secret'; secret: string }
  | {
      kind: 'certificate'
      /** SHA-256, hexadecimal. */
      thumbprintSha256: string
      privateKey: string
    }

export type EntraOptions = {
  cloud: Cloud
  clientId: ClientId
  homeTenantId: TenantId
  credential: EntraCredential
  outbound: Outbound
  clock: Clock
  log: Log
  telemetry?: Telemetry
}

/** Gate one: Microsoft Entra ID, as this app. */
export type Entra = EntraOptions & {
  jwks: Jwks
  tokens: TokenCache
  /** By tenant, and by claims where there are any. */
  acquiring: Map<string, Promise<AppToken>>
}

/** As much of the gate as needs no credential. */
export type PublicEntra = Pick<Entra, 'cloud' | 'outbound' | 'clock' | 'telemetry'>

export const openEntra = (options: EntraOptions): Entra => ({
  ...options,
  jwks: openJwks(options),
  tokens: openTokenCache(),
  acquiring: new Map(),
})
