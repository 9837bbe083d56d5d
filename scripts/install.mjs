/** Installs the packages that package-lock.json names, unless that has been done. Runs on any Node from 20 on. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')
const modules = join(root, 'node_modules')
const stamp = join(modules, '.tenantry-installed')

/** The pinned Node, which runs everything else. */
export const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** @returns seconds that it took; null when nothing was to be done */
export function installPackages() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return null
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
  writeFileSync(stamp, wanted)
  return Math.round((Date.now() - startedAt) / 1000)
}
