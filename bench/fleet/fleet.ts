import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { Agent, request } from 'undici'
import { openLog } from '#base/log.ts'
import { enqueueAll } from '#jobs/enqueue.ts'
import { queueDepth } from '#jobs/inspect.ts'
import type { TenantId } from '#model/ids.ts'
import { listCursors } from '#store/cursors.ts'
import { asFleet, asTenant } from '#store/database/open.ts'
import { listRuns } from '#store/sync-runs.ts'
import { connectTenant } from '#store/tenants.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import { openTools, type Tools } from '#tools.ts'
import { type EmulatorProcess, startEmulatorProcess } from '../emulator-process.ts'
import { configFor, estateOf, prepareDatabase, tenantIdOf, type Where } from '../installation.ts'

/** Tenants in an emulator and in a database, for workers in processes of their own. */
export type Fleet = AsyncDisposable & {
  where: Where
  emulator: EmulatorProcess
  tenantIds: readonly TenantId[]
  /** So many workers, which stop when they are disposed of. */
  startWorkers(options: Workforce): Promise<Workers>
  /** Reads every tenant once with workers that are new. @returns as `Workers` */
  read(options: Workforce): Promise<number>
  deltaLinks(): Promise<{ tenantId: TenantId; deltaLink: string }[]>
  /** From now on every answer of Entra ID and of Graph takes `LATENCY_MILLISECONDS`. */
  delay(): Promise<void>
}

type Workforce = { workers: number; concurrency: number }

export type Workers = AsyncDisposable & {
  /** Reads every tenant once. @returns milliseconds from the first job in the queue to the last one out of it */
  read(): Promise<number>
}

export const LATENCY_MILLISECONDS = 50

/** Whoever looks takes time from those who work: the fewer jobs are left, the sooner it looks again. */
const untilNextLook = (left: number): number => Math.min(200, Math.max(5, left / 5))

export async function openFleet({ tenants, users }: { tenants: number; users: number }): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const emulator = opened.use(await startEmulatorProcess(estateOf(Array.from({ length: tenants }, () => users))))
  const databaseUrl = await freshDatabase()
  await prepareDatabase(databaseUrl)
  const { origin, browserOrigin, caFile } = emulator
  const where = { origin, browserOrigin, caFile, databaseUrl }
  const tools = opened.use(await openTools(configFor(where), { log: openLog('warn'), work: false }))
  const tenantIds = Array.from({ length: tenants }, (_, index) => tenantIdOf(index + 1))
  for (const id of tenantIds)
    await asTenant(tools.store, id, (handle) =>
      connectTenant(handle, { displayName: id, defaultDomain: null, servicePrincipalId: id as never, actor: 'bench' }),
    )
  // Nobody’s directory is due while this is measured: a worker’s planner would put a round of its own beside it.
  await asFleet(tools.store, async ({ db }) => {
    await sql`insert into tenantry.planned_jobs (job, schedule) values ('sync-tenant', 'every 60 minutes')`.execute(db)
    await sql`
      insert into tenantry.job_schedules (tenant_id, job, due_at)
      select id, 'sync-tenant', now() + interval '1 hour' from tenantry.tenants`.execute(db)
  })
  const startWorkers = async ({ workers, concurrency }: Workforce): Promise<Workers> => {
    const processes = await Promise.all(Array.from({ length: workers }, () => startWorker(where, concurrency)))
    return { read: () => read(tools, tenantIds), [Symbol.asyncDispose]: () => stop(processes) }
  }
  const closing = opened.move()
  return {
    where,
    emulator,
    tenantIds,
    startWorkers,
    async read(workforce) {
      await using workers = await startWorkers(workforce)
      return await workers.read()
    },
    async deltaLinks() {
      const links: { tenantId: TenantId; deltaLink: string }[] = []
      for (const tenantId of tenantIds)
        for (const { deltaLink } of await asTenant(tools.store, tenantId, listCursors))
          if (deltaLink) links.push({ tenantId, deltaLink })
      return links
    },
    delay: () => delay(emulator),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function delay({ origin, caFile }: EmulatorProcess): Promise<void> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile) } })
  for (const at of ['token', 'graph']) {
    const { statusCode, body } = await request(`${origin}/_emulator/mischief`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ at, delayMs: LATENCY_MILLISECONDS }),
    })
    const answer = await body.text()
    if (statusCode !== 201) throw new Error(`The emulator takes no orders: ${answer}`)
  }
  await dispatcher.close()
}

async function read({ store, jobs }: Tools, tenantIds: readonly TenantId[]): Promise<number> {
  const before = await countSucceeded(store)
  // In the queue is what is committed: before that no worker sees it.
  const startedAt = await asFleet(store, async (sql) => {
    await enqueueAll(
      jobs,
      sql,
      'sync-tenant',
      tenantIds.map((tenantId) => ({ tenantId })),
    )
    return performance.now()
  })
  for (;;) {
    const [line] = (await queueDepth(jobs)).filter(({ name }) => name === 'sync-tenant')
    const left = line ? line.ready + line.deferred + line.active : 0
    if (left === 0) break
    await new Promise((looked) => setTimeout(looked, untilNextLook(left)))
  }
  const milliseconds = performance.now() - startedAt
  const succeeded = (await countSucceeded(store)) - before
  if (succeeded !== tenantIds.length)
    throw new Error(`${succeeded} readings of ${tenantIds.length} tenants were measured.`)
  return milliseconds
}

const countSucceeded = async (store: Tools['store']): Promise<number> =>
  (await asFleet(store, (sql) => listRuns(sql, { limit: 1_000_000 }))).filter(({ state }) => state === 'succeeded')
    .length

async function stop(workers: readonly ChildProcess[]): Promise<void> {
  for (const worker of workers) {
    worker.kill('SIGTERM')
    if (worker.exitCode === null) await once(worker, 'exit')
  }
}

async function startWorker(where: Where, concurrency: number) {
  const program = join(import.meta.dirname, 'worker.ts')
  const worker = spawn(process.execPath, [program, JSON.stringify({ where, concurrency })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([
    once(createInterface({ input: worker.stdout }), 'line'),
    once(worker, 'exit').then(() => {
      throw new Error('A worker ended before it was ready.')
    }),
  ])
  return worker
}
