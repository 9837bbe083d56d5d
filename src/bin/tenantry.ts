#!/usr/bin/env node
import '#bin/steady-memory.ts'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { chooseTools } from '#bin/choose-tools.ts'
import { stopSignal } from '#bin/stop-signal.ts'
import { runCli } from '#cli/run-cli.ts'

/** Settings of the environment win over those of the file. */
const settingsFile = process.env.TENANTRY_SETTINGS_FILE ?? '.env'
if (existsSync(settingsFile)) process.loadEnvFile(settingsFile)

/** What was written last has gone out by then. */
const LEFT_OPEN_MILLISECONDS = 2_000

const terminal = {
  out: (line: string) => process.stdout.write(`${line}\n`),
  err: (line: string) => process.stderr.write(`${line}\n`),
}
const argv = process.argv.slice(2)
const signal = stopSignal()
const start = { env: process.env, folder: resolve('.'), terminal, signal }

/** Loaded when wanted, so that a small command starts fast. */
const runDoors = async (doors: { web: boolean; worker: boolean }) =>
  (await import('#bin/run-doors.ts')).runDoors(start, doors)

{
  await using tools = chooseTools(start, argv)
  const forwarded = await tools.forward()
  process.exitCode =
    forwarded ??
    (await runCli(argv, {
      terminal,
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
}
// What an app’s own jobs have left open, such as a timer, keeps no process whose work is over.
setTimeout(() => process.exit(), LEFT_OPEN_MILLISECONDS).unref()
