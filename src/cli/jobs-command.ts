import type { Command } from 'commander'
import { limitOption, tellMore } from '#cli/limit-option.ts'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, jsonOption, oneIdOption, oneTenantOption } from '#cli/tenant-option.ts'
import { jsonText, table, timeText } from '#cli/terminal.ts'
import { type GivenUp, listGivenUp } from '#flows/queue/list-given-up.ts'
import { type ListedJob, listJobs } from '#flows/queue/list-jobs.ts'
import { listTenantJobs, type TenantJob } from '#flows/queue/list-tenant-jobs.ts'
import { retryAllDeadLetters } from '#flows/queue/retry-all-dead-letters.ts'
import { retryDeadLetter } from '#flows/queue/retry-dead-letter.ts'
import { type JobUnderWay, listUnderWay } from '#jobs/inspect.ts'
import { listWorkers, type Worker } from '#jobs/workers.ts'
import type { TenantId } from '#model/ids.ts'

type Chosen = { tenant?: TenantId; json?: true }
type Retry = { id?: string; all?: true; job?: string; json?: true }

/** `tenantry jobs list|running|dead|retry` */
export function jobsCommand(program: Command, { tools, terminal, signal }: CliContext): void {
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
    .command('running')
    .description('which workers there are, and what they are doing now, the longest first')
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(async ({ limit, json }: { limit: number; json?: true }) => {
      const open = await tools()
      const workers = await listWorkers(open.jobs)
      const asked = await listUnderWay(open.jobs, { limit: limit + 1 })
      const found = asked.slice(0, limit)
      terminal.out(
        json ? jsonText({ workers, jobs: found }) : [workerTable(workers), '', runningTable(found)].join('\n'),
      )
      tellMore(terminal, { asked, limit })
    })

  jobs
    .command('dead')
    .description('what failed on every try and was given up, the latest first')
    .addOption(oneTenantOption())
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(async ({ tenant, limit, json }: Chosen & { limit: number }) => {
      const asked = await listGivenUp(await tools(), { limit: limit + 1, ...(tenant ? { tenantId: tenant } : {}) })
      const found = asked.slice(0, limit)
      terminal.out(
        json
          ? jsonText(found)
          : found.length === 0
            ? 'Nothing was given up.'
            : [deadTable(found), '', RETRY, ...(found.some(({ isGone }) => isGone) ? [GONE] : [])].join('\n'),
      )
      tellMore(terminal, { asked, limit })
    })

  jobs
    .command('retry')
    .description('try again what was given up: one, or all')
    .addOption(oneIdOption('its id, as `jobs dead` shows it').conflicts(['all', 'job']))
    .option('--job <name>', 'every one of this job')
    .option('--all', 'every one')
    .addOption(jsonOption())
    .action(async ({ id, all, job, json }: Retry, command: Command) => {
      if (all || job !== undefined) {
        const order = { actor: CLI_ACTOR, signal, ...(job === undefined ? {} : { job }) }
        const retried = await retryAllDeadLetters(await tools(), order)
        return terminal.out(
          json ? jsonText({ retried }) : `${retried} ${retried === 1 ? 'is' : 'are'} in the queue again.`,
        )
      }
      if (id === undefined) return command.error("error: '--id <id>', '--job <name>' or '--all' says what to try again")
      const letter = await retryDeadLetter(await tools(), { id, actor: CLI_ACTOR })
      terminal.out(json ? jsonText(letter) : `${letter.job ?? letter.name} is in the queue again.`)
    })
}

const GONE =
  'What is gone from the configuration, or names no tenant, cannot succeed: to try it again only takes it off this list.'
const RETRY = 'Once the cause is mended: tenantry jobs retry --id … (or --job …, or --all)'

const workerTable = (workers: readonly Worker[]): string =>
  workers.length === 0
    ? 'No worker runs: `tenantry work` (or `dev`) starts one.'
    : table(
        ['WORKER', 'PROCESS', 'SINCE (UTC)', 'HEARD OF (UTC)'],
        workers.map(({ host, pid, startedAt, heardAt }) => [host, `${pid}`, timeText(startedAt), timeText(heardAt)]),
      )

const runningTable = (found: readonly JobUnderWay[]): string =>
  found.length === 0
    ? 'Nothing is being done.'
    : table(
        ['JOB', 'TENANT', 'SINCE (UTC)', 'TRY'],
        found.map(({ name, job, tenantId, beganAt, attempt }) => [
          job ?? name,
          tenantId ?? '',
          timeText(beganAt),
          `${attempt + 1}`,
        ]),
      )

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
      (job ?? name) + (isGone ? ' (gone)' : ''),
      tenantId ?? '',
      code ?? '',
    ]),
  )
