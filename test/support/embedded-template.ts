import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

/** Where the empty database of the whole run is written down for the processes of the tests. */
export const TEMPLATE_VARIABLE = 'TENANTRY_TEST_EMBEDDED_TEMPLATE'

/** An embedded database that was made and nothing more. To make one takes seconds, to copy it a moment. */
export async function makeTemplate(): Promise<{ folder: string } & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-template-'))
  const pglite = await PGlite.create({ dataDir: folder })
  await pglite.close()
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/**
 * Puts a copy of the run's empty database where an installation will look for its own. A file that is run by itself has
 * none to copy; then the installation makes one, as it does for a person.
 */
export function layEmptyDatabase(dataDir: string): void {
  const template = process.env[TEMPLATE_VARIABLE]
  if (!template) return
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  cpSync(template, join(dataDir, 'data'), { recursive: true })
}
