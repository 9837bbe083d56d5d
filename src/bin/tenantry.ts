#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { chooseTools } from '#bin/choose-tools.ts'
import { doctor } from '#bin/doctor.ts'
import { emulator } from '#bin/emulator.ts'
import { migrateDatabase } from '#bin/migrate.ts'
import { runDoors } from '#bin/run-doors.ts'
import { stopSignal } from '#bin/stop-signal.ts'
import { runCli } from '#cli/run-cli.ts'

/** Settings of the environment win over those of the file. */
const settingsFile = process.env.TENANTRY_SETTINGS_FILE ?? '.env'
if (existsSync(settingsFile)) process.loadEnvFile(settingsFile)

const terminal = {
  out: (line: string) => process.stdout.write(`${line}\n`),
  err: (line: string) => process.stderr.write(`${line}\n`),
}
const argv = process.argv.slice(2)
const signal = stopSignal()
const start = { env: process.env, folder: resolve('.'), terminal, signal }

await using tools = chooseTools(start, argv)
const forwarded = await tools.forward()
process.exitCode =
  forwarded ??
  (await runCli(argv, {
    terminal,
    signal,
    tools: tools.open,
    processes: {
      dev: () => runDoors(start, { web: true, worker: true }),
      serve: () => runDoors(start, { web: true, worker: false }),
      work: () => runDoors(start, { web: false, worker: true }),
      migrate: () => migrateDatabase(start),
      doctor: (args) => doctor(start, { json: args.includes('--json') }),
      emulator: (args) => emulator(start, args),
    },
  }))
