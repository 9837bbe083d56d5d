// npm run conformance: tries the emulator with clients that nobody here wrote, each named as it goes, with its version.
// Those of npm are development dependencies; those of Debian are installed where that is possible.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { installPackages, node, root } from './install.mjs'
import { BROWSER, CLIENTS, installPrograms } from './install-programs.mjs'

installPackages()
if (!installPrograms([...CLIENTS, BROWSER])) process.exit(1)
const { status } = spawnSync(
  node,
  [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    '--test-timeout=300000',
    ...process.argv.slice(2),
    'emulator/test/conformance/**/*.client.ts',
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = status ?? 1
