// npm test: sets the machine up where something is missing, then hands over to Node's test runner. Everything that can
// fail is a test of that runner (types, format and lint too: test/checks.test.ts), so its summary is the whole truth.
// The clients of Debian and PgBouncer are tried where they are; --all-clients, as .ci/run says it, installs them and wants them.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { installPackages, node, root } from './install.mjs'
import { CLIENTS, installPrograms, missingOf, POOLER, PROGRAMS } from './install-programs.mjs'

const TESTS = ['test/**/*.test.ts', 'emulator/test/**/*.test.ts', 'emulator/test/conformance/npm/*.client.ts']
const WITH_CLIENTS_OF_DEBIAN = 'emulator/test/conformance/debian/*.client.ts'
const ALL_CLIENTS = '--all-clients'
const LONGEST_TEST_MILLISECONDS = 5 * 60_000
/** One more than there are processors: tests wait a good part of their time. */
const AT_ONCE = availableParallelism() + 1

installPackages()
const given = process.argv.slice(2).filter((argument) => argument !== ALL_CLIENTS)
const wantsAllClients = process.argv.includes(ALL_CLIENTS)
if (!installPrograms(wantsAllClients ? [...PROGRAMS, ...CLIENTS, POOLER] : PROGRAMS)) process.exit(1)

const flags = given.filter((argument) => argument.startsWith('-'))
const files = given.filter((argument) => !argument.startsWith('-')).flatMap(filesBelow)
const { status } = spawnSync(
  node,
  [
    '--test',
    '--test-reporter=spec',
    '--test-global-setup=test/support/for-the-whole-run.ts',
    `--test-concurrency=${AT_ONCE}`,
    `--test-timeout=${LONGEST_TEST_MILLISECONDS}`,
    ...flags,
    ...(files.length > 0 ? files : everything()),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...cleanEnvironment(),
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      // Each file has a process of its own, and many of them start programs: whoever comes later finds the code compiled.
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    },
  },
)
process.exitCode = status ?? 1

function everything() {
  const missing = missingOf(CLIENTS).map(({ name }) => name)
  if (missing.length === 0) return [...TESTS, WITH_CLIENTS_OF_DEBIAN]
  console.log(
    `Left out, because not here: ${missing.join(', ')}. On Debian, \`npm run conformance\` installs and tries them.`,
  )
  return TESTS
}

/** A folder stands for the tests in it; anything else is a file or a pattern and goes to the runner as it is. */
function filesBelow(path) {
  const isFolder = statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() ?? false
  return isFolder ? [join(path, '**/*.test.ts'), join(path, '**/*.client.ts')] : [path]
}

/** What a developer has set for an installation of his own must not reach the tests. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TENANTRY_')))
}
