import { Hono } from 'hono'
import { STYLE } from '#emulator/pages/style.ts'
import type { Env, World } from '#emulator/world.ts'

export type Levers = { reset(): void }

const SUBMIT = "document.getElementById('answer').submit()\n"

/** Everything under `/_emulator/`: the levers of the emulator and a look inside. */
export function controlApp(world: World, levers: Levers): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/_emulator/assets/style.css', (c) => c.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/_emulator/assets/submit.js', (c) =>
    c.body(SUBMIT, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )
  app.get('/_emulator/health', (c) => c.json({ status: 'ok', now: world.clock.now() }))
  app.post('/_emulator/reset', (c) => {
    levers.reset()
    return c.body(null, 204)
  })
  return app
}
