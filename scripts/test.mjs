// npm test: sets the machine up where something is missing, then hands over to Node's test runner. Everything that can
// fail is a test of that runner (types, format and lint too: test/checks.test.ts), so its summary is the whole truth.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { installPackages, node, root } from './install.mjs'
import { installPrograms } from './install-programs.mjs'

const EVERYTHING = ['test/**/*.test.ts', 'emulator/test/**/*.test.ts']
const LONGEST_TEST_MILLISECONDS = 5 * 60_000

installPackages()
if (!installPrograms()) process.exit(1)

const given = process.argv.slice(2)
const flags = given.filter((argument) => argument.startsWith('-'))
const files = given.filter((argument) => !argument.startsWith('-')).map(filesBelow)
const { status } = spawnSync(
  node,
  [
    '--test',
    '--test-reporter=spec',
    '--test-global-setup=test/support/for-the-whole-run.ts',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    `--test-timeout=${LONGEST_TEST_MILLISECONDS}`,
    ...flags,
    ...(files.length > 0 ? files : EVERYTHING),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...cleanEnvironment(), PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  },
)
process.exitCode = status ?? 1

/** A folder stands for the tests in it; anything else is a file or a pattern and goes to the runner as it is. */
function filesBelow(path) {
  const isFolder = statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() ?? false
  return isFolder ? join(path, '**/*.test.ts') : path
}

/** What a developer has set for an installation of his own must not reach the tests. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TENANTRY_')))
}
