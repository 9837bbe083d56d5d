/** Installs the packages that package-lock.json names, unless that has been done. Runs on any Node from 20 on. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

/** The pinned Node, which runs everything else. */
export const node = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** @returns seconds that it took; null when nothing was to be done */
export function installPackages() {
  if (packagesAreCurrent()) return null
  const startedAt = Date.now()
  console.log('Installing packages (npm ci) …')
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', ['ci', ...quiet], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error('npm ci failed; what it said above tells why.')
    process.exit(status ?? 1)
  }
  return Math.round((Date.now() - startedAt) / 1000)
}

/** npm writes down what it installed; a package of another system (`optional`) may be absent. */
function packagesAreCurrent() {
  const wanted = readPackages('package-lock.json')
  const installed = readPackages('node_modules/.package-lock.json')
  if (!wanted || !installed || !existsSync(node)) return false
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : optional === true),
  )
}

/** @returns {Record<string, { version: string, optional?: boolean }> | null} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return null
  }
}
