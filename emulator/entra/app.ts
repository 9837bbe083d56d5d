import { Hono } from 'hono'
import { discoveryRoutes } from '#emulator/entra/discovery.ts'
import { authorizeRoutes } from '#emulator/entra/sign-in/authorize.ts'
import { deviceRoutes } from '#emulator/entra/sign-in/device.ts'
import { logoutRoutes } from '#emulator/entra/sign-in/logout.ts'
import type { EntraState } from '#emulator/entra/state.ts'
import { tokenRoutes } from '#emulator/entra/token.ts'
import type { Env, World } from '#emulator/world.ts'

/** Every address of the identity platform. */
export function entraApp(world: World, state: EntraState): Hono<Env> {
  const app = new Hono<Env>()
  discoveryRoutes(app, world)
  tokenRoutes(app, world, state)
  authorizeRoutes(app, world, state)
  deviceRoutes(app, world, state)
  logoutRoutes(app, world, state)
  return app
}
