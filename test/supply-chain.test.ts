import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

type Locked = {
  version?: string
  integrity?: string
  license?: string
  dev?: boolean
  optional?: boolean
  hasInstallScript?: boolean
}
const root = join(import.meta.dirname, '..')
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'))
const { '': own, ...locked } = read('package-lock.json').packages as Record<string, Locked & Record<string, unknown>>
const packages = Object.entries(locked)
/** What an installation has besides us. */
const shipped = packages.filter(([, { dev }]) => dev !== true)

/** Free of duties beyond keeping the notice; a licence that asks for more is a decision, not an update. */
const LICENCES = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  '(MIT OR CC0-1.0)',
  'BlueOak-1.0.0',
]

test('L04 every package is pinned by what it holds, and the lockfile is that of package.json', () => {
  assert.ok(packages.length > 100)
  for (const [path, { version, integrity }] of packages) {
    assert.match(integrity ?? '', /^sha512-[\w+/]{86}==$/, path)
    assert.match(version ?? '', /^\d+\.\d+\.\d+/, path)
  }
  const wanted = read('package.json')
  for (const kind of ['dependencies', 'devDependencies']) assert.deepEqual(own?.[kind], wanted[kind], kind)
})

test('L04 no package runs anything when it is installed, but the pinned Node, which fetches itself from the same place', () => {
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)
  assert.deepEqual(scripted, ['node_modules/node'])
  assert.deepEqual(Object.keys(read('package.json').allowScripts), ['node'])
  for (const [path, { optional }] of shipped) {
    if (optional && !existsSync(join(root, path))) continue
    const { scripts = {} } = read(`${path}/package.json`)
    const run = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts)
    assert.deepEqual(run, [], path)
  }
})

test('L04 what is shipped has a licence that asks for no more than its notice, in the lockfile and in the package', () => {
  assert.ok(shipped.length > 40)
  for (const [path, { license, optional }] of shipped) {
    assert.ok(LICENCES.includes(license ?? ''), `${path}: ${license}`)
    if (optional && !existsSync(join(root, path))) continue
    assert.equal(read(`${path}/package.json`).license, license, path)
  }
})
