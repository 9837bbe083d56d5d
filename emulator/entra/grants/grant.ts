import type { Authority } from '#emulator/entra/authority.ts'
import type { AuthenticatedClient, Form } from '#emulator/entra/clients/client-authentication.ts'
import type { EntraState } from '#emulator/entra/state.ts'
import type { TenantRestrictions } from '#emulator/entra/tenant-restrictions.ts'
import type { Told, World } from '#emulator/world.ts'

export type GrantContext = {
  world: World
  state: EntraState
  authority: Authority
  version: 'v1' | 'v2'
  client: AuthenticatedClient
  form: Form
  /** Of the page that asks, where it is a page. */
  origin: string | undefined
  restrictions: TenantRestrictions
  told: Told
}

/** One file per grant: its names, the parameters it cannot do without, and what it does. */
export type Grant = {
  grantTypes: readonly string[]
  parameters: readonly string[]
  handler: (context: GrantContext) => Promise<Record<string, unknown>>
}
