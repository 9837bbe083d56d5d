import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import type { RequestEntry } from '#emulator/index.ts'
import { enqueue, enqueueAll } from '#jobs/enqueue.ts'
import { type Jobs, openJobs } from '#jobs/open.ts'
import { DOCUMENTED_LIMITS } from '#model/throttle.ts'
import { asFleet, openStore, type Store } from '#store/database/open.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import type { Program } from '../claim.ts'
import { type EmulatorProcess, firstLine, startEmulatorProcess } from '../emulator-process.ts'
import { estateOf, prepareDatabase, tenantIdOf, type Where } from '../installation.ts'
import type { Order } from './worker.ts'

const WORKERS = 2
const SMALL = 200
const PEOPLE = 20
const GIANT = 100_000
/** What the product takes unless told otherwise. */
const SHARE = 0.95
const small = Array.from({ length: SMALL }, (_, index) => tenantIdOf(index + 1))
const giant = tenantIdOf(SMALL + 1)

/** App over all tenants: 150 units a second; a small tenant: 7. So many tenants at a time want more than there is. */
const USE = { scale: 0.02, concurrency: 24, warmSeconds: 25, seconds: 30 }
/** A page of the giant four times a second at most; small tenants come at twenty a second, which is half of what there is. */
const DELAY = { scale: 0.005, concurrency: 4, seconds: 20, rounds: 2, everyMilliseconds: 50 }

/** Work without end within Graph’s limits, and what becomes of it. */
export const throttleUse: Program = {
  name: 'throttle-use',
  claims: [
    {
      name: 'throttle.used',
      about: 'units answered in a second against what Graph allows the app over all tenants',
      wanted: { atLeast: 0.9 },
    },
    {
      name: 'throttle.refused',
      about: 'refusals (429) in a thousand answers, against one in a thousand',
      wanted: { atMost: 1 },
    },
    {
      name: 'throttle.refused-sdk',
      about: 'refusals in a thousand answers against those of the Graph SDK’s retry handler at the same work',
      wanted: { atMost: 0.1 },
    },
  ],
  async run(tell) {
    await using emulator = await startEmulatorProcess(estateOf(small.map(() => PEOPLE)))
    const { scale, concurrency, warmSeconds, seconds } = USE
    const { amount, seconds: window } = DOCUMENTED_LIMITS.appUnits
    const allowed = (amount / window) * scale
    const found: Record<Order['kind'], { answered: number; refused: number }> = {
      ours: { answered: 0, refused: 0 },
      sdk: { answered: 0, refused: 0 },
    }
    for (const kind of ['ours', 'sdk'] as const) {
      await using place = await openPlace(emulator)
      await throttle(emulator, scale)
      if (kind === 'ours')
        await asFleet(place.store, (handle) =>
          enqueueAll(
            place.jobs,
            handle,
            'run-job',
            small.map((tenantId) => ({ tenantId, job: 'ask' })),
          ),
        )
      await using _workers = await startWorkers({ kind, where: place.where, share: SHARE * scale, concurrency })
      // What Graph allows at once is used up then, and what remains is what comes evenly.
      await wait(warmSeconds * 1_000)
      await forgetRequests(emulator)
      await wait(seconds * 1_000)
      const entries = await requestsOf(emulator, '/v1.0/users')
      const answered = entries.filter(({ status }) => status === 200).length
      found[kind] = { answered: answered / seconds, refused: (1_000 * refusedOf(entries)) / entries.length }
      tell(
        `${kind}: ${found[kind].answered.toFixed(1)} of ${allowed} units a second, ${found[kind].refused.toFixed(1)} of a thousand refused`,
      )
    }
    const { ours, sdk } = found
    return {
      'throttle.used': { ours: ours.answered, other: allowed, unit: 'units/s' },
      'throttle.refused': { ours: ours.refused, other: 1, unit: '‰' },
      'throttle.refused-sdk': { ours: ours.refused, other: sdk.refused, unit: '‰' },
    }
  },
}

const refusedOf = (entries: readonly RequestEntry[]): number => entries.filter(({ status }) => status === 429).length

/** How long small tenants wait for their turn, alone and with a giant. */
export const throttleDelay: Program = {
  name: 'throttle-delay',
  claims: [
    {
      name: 'throttle.start-delay',
      about: `how late 95 of 100 small tenants start at most, with a tenant of ${GIANT} people against without`,
      wanted: { atMost: 1.2 },
    },
  ],
  async run(tell) {
    tell(`starting an emulator with ${GIANT} people in one tenant`)
    await using emulator = await startEmulatorProcess(estateOf([...small.map(() => PEOPLE), GIANT]))
    const { scale, concurrency, rounds } = DELAY
    const delays: Record<'alone' | 'joined', number[]> = { alone: [], joined: [] }
    for (let round = 0; round < rounds; round++)
      for (const kind of ['alone', 'joined'] as const) {
        await using place = await openPlace(emulator)
        await throttle(emulator, scale)
        await using _workers = await startWorkers({
          kind: 'ours',
          where: place.where,
          share: SHARE * scale,
          concurrency,
        })
        await forgetRequests(emulator)
        delays[kind].push(...(await letThemCome(place, kind === 'joined')))
        const pages = (await requestsOf(emulator, '/v1.0/users')).filter(({ tenantId }) => tenantId === giant)
        tell(`${kind}: ${Math.round(p95(delays[kind]))} ms; the giant read ${pages.length} pages meanwhile`)
      }
    return { 'throttle.start-delay': { ours: p95(delays.joined), other: p95(delays.alone), unit: 'ms' } }
  },
}

const p95 = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length * 0.95)] ?? Number.NaN

/** @returns how late each small tenant was begun, in milliseconds */
async function letThemCome({ store, jobs }: Place, withGiant: boolean): Promise<number[]> {
  const order = (tenantId: typeof giant) =>
    asFleet(store, (handle) => enqueue(jobs, handle, 'sync-tenant', { tenantId }))
  if (withGiant) await order(giant)
  const until = Date.now() + DELAY.seconds * 1_000
  for (let turn = 0; Date.now() < until; turn++) {
    await order(small[turn % SMALL] as typeof giant)
    await wait(DELAY.everyMilliseconds)
  }
  await wait(2_000)
  const { rows } = await sql<{ delay: number | null }>`
    select extract(epoch from started_on - start_after)::float8 * 1000 as delay
    from pgboss.job where name = 'sync-tenant' and data->>'tenantId' <> ${giant}`.execute(store.kysely)
  const begun = rows.flatMap(({ delay }) => delay ?? [])
  if (begun.length < rows.length * 0.99) throw new Error(`${begun.length} of ${rows.length} were begun.`)
  return begun
}

type Place = AsyncDisposable & { where: Where; store: Store; jobs: Jobs }

/** A database that knows every tenant, none of which is due by itself. */
async function openPlace({ origin, browserOrigin, caFile }: EmulatorProcess): Promise<Place> {
  await using opened = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  await prepareDatabase(databaseUrl)
  const log = openLog('warn')
  const store = opened.use(await openStore({ databaseUrl, dataDir: tmpdir(), clock: systemClock, log }))
  const jobs = opened.use(await openJobs({ store, log, work: false, migrate: false }))
  await asFleet(store, async ({ db }) => {
    await sql`
      insert into tenantry.tenants (id, display_name, state, created_at, updated_at)
      select id, 'Tenant', 'active', now(), now() from unnest(${[...small, giant]}::uuid[]) id`.execute(db)
    // Nobody’s directory is due while this is measured.
    await sql`insert into tenantry.planned_jobs (job, schedule) values ('sync-tenant', 'every 60 minutes')`.execute(db)
    await sql`
      insert into tenantry.job_schedules (tenant_id, job, due_at)
      select id, 'sync-tenant', now() + interval '1 hour' from tenantry.tenants`.execute(db)
  })
  const closing = opened.move()
  return {
    where: { origin, browserOrigin, caFile, databaseUrl },
    store,
    jobs,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function startWorkers(order: Omit<Order, 'tenantIds'>): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  for (let worker = 0; worker < WORKERS; worker++) {
    const tenantIds = small.filter((_, index) => index % WORKERS === worker)
    const args = [join(import.meta.dirname, 'worker.ts'), JSON.stringify({ ...order, tenantIds } satisfies Order)]
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: order.where.caFile }
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
    opened.defer(async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    })
    await firstLine(child)
  }
  return opened.move()
}

const control = (path: string): string => `/_emulator/${path}`

async function throttle({ browserOrigin }: EmulatorProcess, limitScale: number): Promise<void> {
  const response = await fetch(`${browserOrigin}${control('throttle')}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ on: true, limitScale }),
  })
  if (!response.ok) throw new Error(`The emulator’s limits could not be set: ${response.status}`)
}

async function requestsOf({ browserOrigin }: EmulatorProcess, path: string): Promise<RequestEntry[]> {
  const response = await fetch(`${browserOrigin}${control(`requests?path=${encodeURIComponent(path)}`)}`)
  return ((await response.json()) as { requests: RequestEntry[] }).requests
}

const forgetRequests = ({ browserOrigin }: EmulatorProcess) =>
  fetch(`${browserOrigin}${control('requests')}`, { method: 'DELETE' })
