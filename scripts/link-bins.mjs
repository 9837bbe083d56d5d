/**
 * npm links the programs of dependencies into node_modules/.bin, but not those of the package itself. This does, so that
 * `npx tenantry` works in the repository, with the Node that is pinned here.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const folder = join(root, 'node_modules', '.bin')
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

if (existsSync(folder)) {
  for (const [name, target] of Object.entries(bin)) {
    const file = join(folder, name)
    const program = target.replace(/^\.\//, '')
    writeFileSync(
      file,
      `#!/bin/sh\nhere=$(cd "$(dirname "$0")" && pwd)\nexec "$here/node" "$here/../../${program}" "$@"\n`,
    )
    chmodSync(file, 0o755)
    writeFileSync(`${file}.cmd`, `@"%~dp0node" "%~dp0..\\..\\${program.replaceAll('/', '\\')}" %*\r\n`)
  }
}
