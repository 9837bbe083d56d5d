import type { Command } from 'commander'
import { jsonOption } from '#cli/tenant-option.ts'

export type RegisterOptions = {
  /** Where the app's ids and a new client secret are written; without it no secret is made. */
  settings?: string
  operator: boolean
  json?: true
}

/** `tenantry register`: there is no app yet, so it needs nothing of what the other commands work with. */
export function registerCommand(program: Command, register: (options: RegisterOptions) => Promise<void>): void {
  program
    .command('register')
    .description('register the app in your home tenant, or bring its registration up to date')
    .option('--settings <file>', 'write the app’s ids there, and a new client secret where no credential is set')
    .option('--no-operator', 'do not make whoever signs in an operator')
    .addOption(jsonOption())
    .action(register)
}
