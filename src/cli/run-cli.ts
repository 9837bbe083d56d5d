import { Command, CommanderError } from 'commander'
import { credentialsCommand } from '#cli/credentials-command.ts'
import { grantsCommand } from '#cli/grants-command.ts'
import { incidentsCommand } from '#cli/incidents-command.ts'
import { jobsCommand } from '#cli/jobs-command.ts'
import { type RegisterOptions, registerCommand } from '#cli/register-command.ts'
import { resourcesCommand } from '#cli/resources-command.ts'
import { runCommand } from '#cli/run-command.ts'
import { tenantsCommand } from '#cli/tenants-command.ts'
import { type Terminal, tellProblem } from '#cli/terminal.ts'
import { Problem } from '#model/problem.ts'
import type { Tools } from '#tools.ts'

/** What a command needs from the process that runs it. */
export type CliContext = {
  terminal: Terminal
  /** Of the program; absent when the command line is served by a running process. */
  version?: string
  /** Opened once, on the first command that needs it. */
  tools: () => Promise<Tools>
  signal: AbortSignal
  /** Commands that are processes of their own; absent when the command line is served by a running process. */
  processes?: Record<
    'serve' | 'work' | 'dev' | 'migrate' | 'doctor' | 'emulator',
    (args: readonly string[]) => Promise<number>
  > & { register: (options: RegisterOptions) => Promise<number> }
}

export const EXIT_FAILED = 1
export const EXIT_USAGE = 2
/** What somebody reads who has pressed Ctrl-C. */
export const STOPPED = 'Stopped before it was done.'

/**
 * Runs one command line, without the program's name.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration
 */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const { terminal } = context
  let exitCode = 0
  const program = new Command('tenantry')
    .description('Signs up customers’ Microsoft 365 tenants and works in them, unattended.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showHelpAfterError('(add --help for the usage)')
  if (context.version) program.version(context.version, '-V, --version', 'print the version')
  const fail = () => {
    exitCode = EXIT_FAILED
  }
  for (const command of Object.values(IN_TENANTS)) command(program, context, fail)
  registerCommand(program, async (options) => {
    exitCode = await (context.processes?.register(options) ?? Promise.reject(elsewhere('register')))
  })
  for (const [name, about] of PROCESSES) {
    const command = program
      .command(name)
      .description(about)
      .allowUnknownOption(name === 'emulator')
      .allowExcessArguments(name === 'emulator')
    // It tells its own options.
    if (name === 'emulator') command.helpOption(false)
    for (const [flag, meaning] of OPTIONS[name] ?? []) command.option(flag, meaning)
    command.action(async () => {
      const process = context.processes?.[name]
      if (!process) throw elsewhere(name)
      exitCode = await process(argv.slice(argv.indexOf(name) + 1))
    })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === 'tenantry.elsewhere') terminal.err(error.message)
      return error.exitCode === 0 ? 0 : EXIT_USAGE
    }
    if (!(error instanceof Problem)) {
      if (!context.signal.aborted) throw error
      terminal.err(STOPPED)
      return EXIT_FAILED
    }
    tellProblem(terminal, error)
    return ['CONFIGURATION_INVALID', 'DATABASE_UNREACHABLE', 'DATA_FOLDER_IN_USE'].includes(error.code)
      ? EXIT_USAGE
      : EXIT_FAILED
  }
}

const elsewhere = (name: string) =>
  new CommanderError(
    EXIT_USAGE,
    'tenantry.elsewhere',
    `'${name}' is a process of its own; it cannot be asked of a running one.`,
  )

const IN_TENANTS = {
  tenants: tenantsCommand,
  grants: grantsCommand,
  jobs: jobsCommand,
  incidents: incidentsCommand,
  credentials: credentialsCommand,
  resources: resourcesCommand,
  run: runCommand,
}
/** Commands that work with tenants, which a running process can do for another; the others are processes of their own. */
export const FORWARDED: readonly string[] = Object.keys(IN_TENANTS)

const PROCESSES = [
  ['dev', 'run everything in one process: landing page, console and worker'],
  ['serve', 'run the landing page and the console'],
  ['work', 'run a worker; start as many as you want on PostgreSQL'],
  ['migrate', 'bring the database’s schema up to date'],
  ['doctor', 'try the configuration and say everything that is wrong with it'],
  ['emulator', 'run the emulator of Entra ID and Microsoft Graph; --help tells its options'],
] as const

/** What is not listed here is refused; the emulator reads its own. */
const OPTIONS: Partial<Record<(typeof PROCESSES)[number][0], readonly (readonly [flag: string, meaning: string])[]>> = {
  doctor: [['--json', 'print data as JSON']],
  migrate: [['--from-embedded', 'copy the embedded installation into the database']],
}
