import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { askAtTerminal } from '#bin/ask-at-terminal.ts'
import { chooseTools } from '#bin/choose-tools.ts'
import { lastWords } from '#bin/last-words.ts'
import { loadSettingsFile } from '#bin/load-settings-file.ts'
import { assertNode } from '#bin/node-version.ts'
import { outliveReaders } from '#bin/outlive-readers.ts'
import { stopSignal } from '#bin/stop-signal.ts'
import { EXIT_USAGE, runCli } from '#cli/run-cli.ts'
import { tellProblem } from '#cli/terminal.ts'
import { Problem } from '#model/problem.ts'

/** What was written last has gone out by then. */
const LEFT_OPEN_MILLISECONDS = 2_000

const argv = process.argv.slice(2)
const signal = stopSignal()
const ask = askAtTerminal(signal)
const terminal = {
  out: (line: string) => process.stdout.write(`${line}\n`),
  err: (line: string) => process.stderr.write(`${line}\n`),
  ...(ask ? { ask } : {}),
}
const start = { env: process.env, folder: resolve('.'), terminal, signal }

/** Loaded when wanted, so that a small command starts fast. */
const runDoors = async (doors: { web: boolean; worker: boolean }) =>
  (await import('#bin/run-doors.ts')).runDoors(start, doors)

async function run(version: string): Promise<number> {
  await using tools = chooseTools(start, argv)
  const forwarded = await tools.forward()
  return (
    forwarded ??
    (await runCli(argv, {
      terminal,
      version,
      signal,
      tools: tools.open,
      processes: {
        register: async (options) => (await import('#bin/register.ts')).register(start, options),
        dev: () => runDoors({ web: true, worker: true }),
        serve: () => runDoors({ web: true, worker: false }),
        work: () => runDoors({ web: false, worker: true }),
        migrate: async (args) =>
          (await import('#bin/migrate.ts')).migrateDatabase(start, { fromEmbedded: args.includes('--from-embedded') }),
        doctor: async (args) => (await import('#bin/doctor.ts')).doctor(start, { json: args.includes('--json') }),
        emulator: async (args) => (await import('#bin/emulator.ts')).emulator(start, args),
      },
    }))
  )
}

/** `tenantry` with the arguments and the environment of this process, which ends with it. */
export async function runProgram({ packageFile }: { packageFile: URL }): Promise<void> {
  outliveReaders()
  lastWords()
  try {
    assertNode(process.versions.node)
    loadSettingsFile()
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }
    process.exitCode = await run(version)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    tellProblem(terminal, error)
    process.exitCode = EXIT_USAGE
  }
  // What an app’s own jobs have left open, such as a timer, keeps no process whose work is over.
  setTimeout(() => process.exit(), LEFT_OPEN_MILLISECONDS).unref()
}
