import { Hono } from 'hono'
import type { Env, World } from '#emulator/world.ts'

/** Every address of Microsoft Graph. */
export function graphApp(_world: World): Hono<Env> {
  return new Hono<Env>()
}
