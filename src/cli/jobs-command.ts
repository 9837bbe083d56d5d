import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, idOption, jsonOption, oneTenantOption } from '#cli/tenant-option.ts'
import { jsonText, table, timeText } from '#cli/terminal.ts'
import { type GivenUp, listGivenUp } from '#flows/list-given-up.ts'
import { type ListedJob, listJobs } from '#flows/list-jobs.ts'
import { listTenantJobs, type TenantJob } from '#flows/list-tenant-jobs.ts'
import { retryDeadLetter } from '#flows/retry-dead-letter.ts'
import type { TenantId } from '#model/ids.ts'

type Chosen = { tenant?: TenantId; json?: true }

/** `tenantry jobs list|dead|retry` */
export function jobsCommand(program: Command, { tools, terminal }: CliContext): void {
  const jobs = program.command('jobs').description('what is done in every tenant by itself')

  jobs
    .command('list')
    .description('every job with its schedule; of one tenant with its last run and its next turn, too')
    .addOption(oneTenantOption())
    .addOption(jsonOption())
    .action(async ({ tenant, json }: Chosen) => {
      if (tenant) {
        const found = await listTenantJobs(await tools(), tenant)
        return terminal.out(json ? jsonText(found) : tenantJobTable(found.jobs))
      }
      const found = await listJobs(await tools())
      terminal.out(json ? jsonText(found) : jobTable(found))
    })

  jobs
    .command('dead')
    .description('what failed on every try and was given up, the latest first')
    .addOption(oneTenantOption())
    .addOption(jsonOption())
    .action(async ({ tenant, json }: Chosen) => {
      const found = await listGivenUp(await tools(), tenant ? { tenantId: tenant } : {})
      terminal.out(
        json
          ? jsonText(found)
          : found.length === 0
            ? 'Nothing was given up.'
            : [deadTable(found), '', RETRY, ...(found.some(({ isGone }) => isGone) ? [GONE] : [])].join('\n'),
      )
    })

  jobs
    .command('retry')
    .description('try one again that was given up')
    .addOption(idOption('its id, as `jobs dead` shows it'))
    .addOption(jsonOption())
    .action(async ({ id, json }: { id: string; json?: true }) => {
      const letter = await retryDeadLetter(await tools(), { id, actor: CLI_ACTOR })
      terminal.out(json ? jsonText(letter) : `${letter.job ?? letter.name} is in the queue again.`)
    })
}

const GONE = 'What is gone from the configuration cannot succeed: to try it again only takes it off this list.'
const RETRY = 'Once the cause is mended: tenantry jobs retry --id …'

const jobTable = (found: readonly ListedJob[]): string =>
  table(
    ['JOB', 'SCHEDULE', 'TENANTS', 'NEXT DUE (UTC)', 'PERMISSIONS'],
    found.map(({ name, schedule, permissions, planned }) => [
      name,
      schedule,
      planned ? `${planned.tenants}` : 'all',
      timeText(planned?.nextDueAt ?? null),
      permissions.join(', '),
    ]),
  )

const tenantJobTable = (found: readonly TenantJob[]): string =>
  table(
    ['JOB', 'SCHEDULE', 'NEXT DUE (UTC)', 'LAST STARTED (UTC)', 'STATE', 'PROGRESS', 'WHY'],
    found.map(({ name, schedule, nextDueAt, lastRun }) => [
      name,
      schedule,
      timeText(nextDueAt),
      timeText(lastRun?.startedAt ?? null),
      lastRun?.state ?? '',
      lastRun?.progress ?? '',
      lastRun?.diagnosis?.code ?? '',
    ]),
  )

const deadTable = (found: readonly GivenUp[]): string =>
  table(
    ['ID', 'GIVEN UP (UTC)', 'JOB', 'TENANT', 'WHY'],
    found.map(({ id, diedAt, name, job, tenantId, code, isGone }) => [
      id,
      timeText(diedAt),
      isGone ? `${job} (gone)` : (job ?? name),
      tenantId ?? '',
      code ?? '',
    ]),
  )
