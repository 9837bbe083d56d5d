import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { jsonOption } from '#cli/tenant-option.ts'
import { table, timeText } from '#cli/terminal.ts'
import { listJobs } from '#flows/list-jobs.ts'

/** `tenantry jobs list` */
export function jobsCommand(program: Command, { tools, terminal }: CliContext): void {
  program
    .command('jobs')
    .description('what is done in every tenant by itself')
    .command('list')
    .description('every job with its schedule, and for how many tenants it is planned')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: true }) => {
      const found = await listJobs(await tools())
      terminal.out(
        json
          ? JSON.stringify(found)
          : table(
              ['JOB', 'SCHEDULE', 'TENANTS', 'NEXT DUE (UTC)', 'PERMISSIONS'],
              found.map(({ name, schedule, permissions, planned }) => [
                name,
                schedule,
                planned ? `${planned.tenants}` : 'all',
                timeText(planned?.nextDueAt ?? null),
                permissions.join(', '),
              ]),
            ),
      )
    })
}
