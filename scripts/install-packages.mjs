// Plain JavaScript for whatever Node is there (20 or newer): it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The Node that the project pins as a package; nothing of ours runs on another. */
export const pinnedNode = join(root, 'node_modules/.bin/node')

/**
 * Brings node_modules in line with package-lock.json when it is not, with npm's own progress on the screen.
 * @returns {boolean} whether it is in line now
 */
export function installPackages() {
  if (packagesAreCurrent()) return true
  console.log('Installing the packages of package-lock.json …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) console.error('npm ci failed; its words are above. Check the network and try again.')
  return status === 0
}

/** npm writes down what it installed; a package of another system (`optional`) may be absent. */
function packagesAreCurrent() {
  const wanted = readPackages('package-lock.json')
  const installed = readPackages('node_modules/.package-lock.json')
  if (!wanted || !installed || !existsSync(pinnedNode)) return false
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
