import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, type TestContext } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import { migrate } from '#store/database/migrate.ts'
import { openStore, type Store } from '#store/database/open.ts'
import { layEmptyDatabase } from '#test/support/embedded-template.ts'
import { type HandClock, handClock } from '#test/support/hand-clock.ts'
import { freshDatabase } from '#test/support/postgres.ts'
import type { Scope } from '#test/support/suite-scope.ts'

/** Where a database is or will be, as the configuration names it. */
export type Place = { databaseUrl: string | null; dataDir: string }

export type Backend = {
  name: 'pglite' | 'postgres'
  /** The migrated store that all tests of the suite share, opened when it is first asked for. Use ids of your own in it. */
  store(): Promise<Store>
  /** The clock of that store. */
  clock: HandClock
  /** A migrated store for one test alone; closed after it. */
  freshStore(t: TestContext, options?: { clock?: Clock }): Promise<Store>
  /** A place for one test alone, still empty; removed after it. */
  freshPlace(t: TestContext): Promise<Place>
}

export const silentLog = openLog('silent')

/**
 * Runs the same suite twice, on the embedded database and on a real PostgreSQL server:
 *
 *   forEachBackend(({ store, clock }) => {
 *     test('…', async () => { … await asFleet(await store(), …) … })
 *   })
 */
export function forEachBackend(define: (backend: Backend) => void): void {
  for (const name of ['pglite', 'postgres'] as const) suite(name, () => define(openBackend(name)))
}

function openBackend(name: Backend['name']): Backend {
  const clock = handClock()
  const closing: (() => Promise<void> | void)[] = []
  const atTheEnd = { after: (close: () => Promise<void> | void) => void closing.unshift(close) }
  after(async () => {
    for (const close of closing) await close()
  })
  let shared: Promise<Store> | null = null
  return {
    name,
    clock,
    store() {
      shared ??= openFresh(atTheEnd, name, clock)
      return shared
    },
    freshStore: (t, options) => openFresh(t, name, options?.clock ?? systemClock),
    freshPlace: (t) => openPlace(t, name),
  }
}

async function openFresh(scope: Scope, name: Backend['name'], clock: Clock): Promise<Store> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-test-'))
  const databaseUrl = name === 'postgres' ? await freshDatabase() : null
  if (!databaseUrl) layEmptyDatabase(dataDir)
  const store = await openStore({ dataDir, databaseUrl, clock, log: silentLog })
  scope.after(async () => {
    await store.close()
    rmSync(dataDir, { recursive: true, force: true })
  })
  await migrate(store)
  return store
}

async function openPlace(scope: Scope, name: Backend['name']): Promise<Place> {
  const dataDir = temporaryFolder(scope)
  if (name === 'pglite') layEmptyDatabase(dataDir)
  return { dataDir, databaseUrl: name === 'postgres' ? await freshDatabase() : null }
}

/** An empty folder that is removed after the test. */
export function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-test-'))
  scope.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
