import { Hono } from 'hono'
import { type ZodType, z } from 'zod'
import { advanceClock, ClockError, durationSchema, setClock } from '#emulator/control/clock.ts'
import { viewEstate } from '#emulator/control/estate.ts'
import { OperationError } from '#emulator/control/named.ts'
import { OPERATIONS, type OperationName } from '#emulator/control/operations.ts'
import { sameOriginOnly } from '#emulator/control/origin.ts'
import { controlPages } from '#emulator/control/pages.ts'
import type { Snapshots } from '#emulator/control/snapshots.ts'
import { lagSchema } from '#emulator/lag/settings.ts'
import { isPattern, ruleSchema, rulesSchema } from '#emulator/mischief/rules.ts'
import { STYLE } from '#emulator/pages/style.ts'
import { throttleSchema } from '#emulator/throttle.ts'
import type { Env, World } from '#emulator/world.ts'

/** What the server alone can do. */
export type Levers = { reset(): void; snapshots: Snapshots }

const SUBMIT = "document.getElementById('answer').submit()\n"
const clockSchema = z.union(
  [
    z.strictObject({ advance: durationSchema }),
    z.strictObject({ now: z.iso.datetime({ offset: true }) }),
    z.strictObject({ stopped: z.literal(true) }),
  ],
  {
    error:
      'must be {"advance":{"days":1,"hours":0,"minutes":0,"seconds":0}}, {"now":"2031-01-01T00:00:00Z"} or {"stopped":true}',
  },
)

/** Which requests of the log are wanted. */
const requestsSchema = z.object({
  path: z.string().refine(isPattern, { error: 'must be a regular expression' }).optional(),
  tenantId: z.string().optional(),
  appId: z.string().optional(),
  status: z.coerce.number({ error: 'must be a number, as 401' }).int().optional(),
})

/** Everything under `/_emulator/`: the levers of the emulator and a look inside. */
export function controlApp(world: World, { reset, snapshots }: Levers): Hono<Env> {
  const { clock, mischief, lag, requests, throttle } = world
  const app = new Hono<Env>().basePath('/_emulator')

  app.get('/assets/style.css', (c) => c.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/assets/submit.js', (c) => c.body(SUBMIT, 200, { 'content-type': 'text/javascript; charset=utf-8' }))
  app.use(sameOriginOnly(world))

  controlPages(app, world, { reset, snapshots })

  app.get('/health', (c) => c.json({ status: 'ok', now: clock.now() }))
  app.get('/estate', (c) => c.json(viewEstate(world)))
  app.post('/reset', (c) => {
    reset()
    return c.body(null, 204)
  })

  const time = () => ({ now: clock.now(), offsetSeconds: clock.offset(), stopped: clock.isStopped() })
  app.get('/clock', (c) => c.json(time()))
  app.put('/clock', async (c) => {
    const wish = read(clockSchema, await body(c.req))
    if ('stopped' in wish) clock.stop()
    else if ('now' in wish) setClock(clock, new Date(wish.now))
    else advanceClock(clock, wish.advance)
    return c.json(time())
  })
  app.delete('/clock', (c) => {
    clock.reset()
    return c.json(time())
  })

  app.get('/mischief', (c) => c.json({ rules: mischief.rules() }))
  app.put('/mischief', async (c) => {
    const { rules, seed } = read(rulesSchema, await body(c.req))
    mischief.set(rules, seed)
    return c.json({ rules: mischief.rules() })
  })
  app.post('/mischief', async (c) => {
    mischief.add(read(ruleSchema, await body(c.req)))
    return c.json({ rules: mischief.rules() }, 201)
  })
  app.delete('/mischief', (c) => {
    mischief.clear()
    return c.body(null, 204)
  })

  app.get('/lag', (c) => c.json(lag.settings()))
  app.put('/lag', async (c) => {
    lag.set(read(lagSchema, await body(c.req)))
    return c.json(lag.settings())
  })

  app.get('/throttle', (c) => c.json(throttle.settings()))
  app.put('/throttle', async (c) => {
    throttle.set(read(throttleSchema, await body(c.req)))
    return c.json(throttle.settings())
  })

  app.get('/requests', (c) => {
    const { path, tenantId, appId, status } = read(requestsSchema, c.req.query())
    return c.json({
      requests: requests.list({
        ...(path === undefined ? {} : { path }),
        ...(tenantId === undefined ? {} : { tenantId }),
        ...(appId === undefined ? {} : { appId }),
        ...(status === undefined ? {} : { status }),
      }),
    })
  })
  app.delete('/requests', (c) => {
    requests.clear()
    return c.body(null, 204)
  })

  app.get('/snapshots', (c) => c.json({ snapshots: snapshots.list() }))
  app.post('/snapshots', (c) => c.json({ id: snapshots.take() }, 201))
  app.post('/snapshots/:id/restore', (c) =>
    snapshots.restore(c.req.param('id'))
      ? c.body(null, 204)
      : c.json({ error: `There is no snapshot ${c.req.param('id')}.` }, 404),
  )

  app.get('/operations', (c) =>
    c.json(
      Object.fromEntries(
        Object.entries(OPERATIONS).map(([name, { schema }]) => [
          name,
          z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
        ]),
      ),
    ),
  )
  app.post('/operations/:name', async (c) => {
    const name = c.req.param('name')
    if (!isOperation(name))
      return c.json({ error: `There is no operation ${name}. There are: ${Object.keys(OPERATIONS).join(', ')}.` }, 404)
    const { schema, run } = OPERATIONS[name]
    const input = read(schema as ZodType, await body(c.req))
    const result = await (run as (world: World, input: unknown) => unknown)(world, input)
    return c.json({ result: result ?? null })
  })

  app.all('/*', (c) => c.json({ error: `The control API has no ${c.req.method} ${c.req.path}.` }, 404))
  app.onError((error, c) => {
    if (error instanceof Mistakes) return c.json({ error: 'This was not understood.', mistakes: error.mistakes }, 400)
    if (error instanceof ClockError)
      return c.json({ error: 'This was not understood.', mistakes: [error.message] }, 400)
    if (error instanceof OperationError) return c.json({ error: error.message }, 404)
    throw error
  })
  return app
}

const isOperation = (name: string): name is OperationName => Object.hasOwn(OPERATIONS, name)

class Mistakes extends Error {
  readonly mistakes: readonly string[]
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}

function read<Schema extends ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Mistakes(
    parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`),
  )
}

async function body(request: { text(): Promise<string> }): Promise<unknown> {
  const text = await request.text()
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new Mistakes(['body: must be JSON'])
  }
}
