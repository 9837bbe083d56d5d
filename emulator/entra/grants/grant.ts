import type { Authority } from '#emulator/entra/authority.ts'
import type { AuthenticatedClient, Form } from '#emulator/entra/client-authentication.ts'
import type { EntraState } from '#emulator/entra/state.ts'
import type { Told, World } from '#emulator/world.ts'

export type GrantContext = {
  world: World
  state: EntraState
  authority: Authority
  client: AuthenticatedClient
  form: Form
  told: Told
}

/** One file per grant: its names, the parameters it cannot do without, and what it does. */
export type Grant = {
  grantTypes: readonly string[]
  parameters: readonly string[]
  handler: (context: GrantContext) => Promise<Record<string, unknown>>
}
