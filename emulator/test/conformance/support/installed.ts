import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..', '..')

/** A client of npm as it is installed here, for the title of its tests: `MSAL Node 7.2.3`. */
export function ofNpm(called: string, name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
  return `${called} ${version}`
}

/** A client of Debian as it is installed here: `Azure CLI 2.45.0 of Debian`. */
export function ofDebian(called: string, name: string): string {
  const { stdout } = spawnSync('dpkg', ['--status', name], { encoding: 'utf8' })
  const version = /^Version: ([^-\n]+)/m.exec(stdout ?? '')?.[1]
  assert.ok(version, `${called} is not here. On Debian, as root: apt-get update && apt-get install ${name}`)
  return `${called} ${version} of Debian`
}
