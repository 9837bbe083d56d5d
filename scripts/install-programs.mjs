import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const BROWSER = {
  name: 'Chromium',
  package: 'chromium',
  isThere: () => onPath('chromium') || onPath('chromium-browser'),
}

/** What the tests need of the machine besides Node, with Debian's name for it. */
export const PROGRAMS = [
  { name: 'PostgreSQL', package: 'postgresql', isThere: hasPostgres },
  BROWSER,
  { name: 'the typeface Inter', package: 'fonts-inter', isThere: hasInter },
]

/** What stands before many a PostgreSQL; without it those tests are skipped. */
export const POOLER = { name: 'PgBouncer', package: 'pgbouncer', isThere: () => isInstalled('pgbouncer') }

/** The clients of Debian that the conformance run tries the emulator with, in the version that Debian has. */
export const CLIENTS = [
  { name: 'the Azure CLI', package: 'azure-cli', isThere: () => isInstalled('azure-cli') },
  { name: 'MSAL for Python', package: 'python3-msal', isThere: () => isInstalled('python3-msal') },
  { name: 'azure-identity for Python', package: 'python3-azure', isThere: () => isInstalled('python3-azure') },
  { name: 'ADAL for Python', package: 'python3-adal', isThere: () => isInstalled('python3-adal') },
]

/**
 * Installs what is missing with apt-get where that is possible, and says how to where it is not.
 * @returns {boolean} whether everything is there now
 */
export function installPrograms(programs = PROGRAMS) {
  const missing = missingOf(programs)
  if (missing.length === 0) return true
  const names = missing.map(({ name }) => name).join(', ')
  const packages = missing.map((program) => program.package)
  const command = `apt-get install --yes --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    console.error(`The tests need ${names}. On Debian or Ubuntu, as root: apt-get update && ${command}`)
    return false
  }
  console.log(`Installing ${names} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (line) => spawnSync('sh', ['-c', line], { stdio: 'inherit', env }).status === 0
  if (run('apt-get update --quiet') && run(command)) return true
  console.error(`apt-get could not install ${names}; its words are above.`)
  return false
}

export const missingOf = (programs) => programs.filter(({ isThere }) => !isThere())

const onPath = (program) =>
  (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, program)))

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg', ['--status', name], { encoding: 'utf8' })
  return /^Status: .* installed$/m.test(stdout ?? '')
}

function hasPostgres() {
  const debian = '/usr/lib/postgresql'
  if (onPath('initdb') && onPath('postgres')) return true
  return existsSync(debian) && readdirSync(debian).some((version) => existsSync(join(debian, version, 'bin/initdb')))
}

/** Pages are looked at in the typeface that most readers will see; without fontconfig nobody can tell, so it is left alone. */
function hasInter() {
  const { stdout, error } = spawnSync('fc-list', [':family=Inter'], { encoding: 'utf8' })
  if (error) return existsSync('/usr/share/fonts/opentype/inter')
  return stdout.trim() !== ''
}
