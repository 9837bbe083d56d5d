import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type after, suite, type TestContext } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { openLog } from '#base/log.ts'
import { migrate } from '#store/migrate.ts'
import { openStore, type Store } from '#store/open.ts'
import { freshDatabase } from '#test/support/postgres.ts'

/** Where a database is or will be, as the configuration names it. */
export type Place = { databaseUrl: string | null; dataDir: string }

export type Backend = {
  name: 'pglite' | 'postgres'
  /** A place of its own for one test, still empty; removed after it. */
  freshPlace(t: Scope): Promise<Place>
  /** A migrated store of its own for one test; closed after it. */
  freshStore(t: Scope, options?: { clock?: Clock }): Promise<Store>
}

/** A test's context, or `{ after }` of node:test for what a whole suite shares. */
export type Scope = Pick<TestContext, 'after'> | { after: typeof after }

/** Runs the same suite twice: on the embedded database and on a real PostgreSQL server. */
export function forEachBackend(define: (backend: Backend) => void): void {
  for (const name of ['pglite', 'postgres'] as const) {
    const freshPlace = (t: Scope) => newPlace(t, name)
    suite(name, () => {
      define({
        name,
        freshPlace,
        async freshStore(t, { clock = systemClock } = {}) {
          const store = await openStore({ ...(await freshPlace(t)), clock, log: silentLog })
          t.after(() => store.close())
          await migrate(store)
          return store
        },
      })
    })
  }
}

export const silentLog = openLog('silent')

async function newPlace(t: Scope, name: Backend['name']): Promise<Place> {
  const dataDir = temporaryFolder(t)
  return { dataDir, databaseUrl: name === 'postgres' ? await freshDatabase() : null }
}

/** An empty folder that is removed after the test. */
export function temporaryFolder(t: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
