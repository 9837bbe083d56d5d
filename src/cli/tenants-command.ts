import { type Command, Option } from 'commander'
import { limitOption, tellMore } from '#cli/limit-option.ts'
import { offboardCommand } from '#cli/offboard-command.ts'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, jsonOption, reasonOption, tenantOption } from '#cli/tenant-option.ts'
import { diagnosisText, jsonText, printable, table, timeText } from '#cli/terminal.ts'
import { verifyCommand } from '#cli/verify-command.ts'
import { type Lagging, listLagging } from '#flows/fleet/list-lagging.ts'
import { allowRemoval } from '#flows/sync/allow-removal.ts'
import { pauseTenant, resumeTenant } from '#flows/tenants/pause-tenant.ts'
import { listTenantsFor, showTenant, type TenantQuery, type TenantStory } from '#flows/tenants/show-tenants.ts'
import type { TenantId } from '#model/ids.ts'
import type { Diagnosis } from '#model/problem.ts'
import { inTheWayOf, type SyncRun } from '#model/sync-run.ts'
import { TENANT_STATES, type Tenant } from '#model/tenant.ts'

type Chosen = { tenant: TenantId; json?: true; reason: string }

/**
 * `tenantry tenants list|lag|show|verify|pause|resume|allow-removal|offboard`
 * @param fail called where the command has told what it found, and that is a failure
 */
export function tenantsCommand(program: Command, context: CliContext, fail: () => void): void {
  const { tools, terminal } = context
  const tenants = program.command('tenants').description('the tenants that have signed up')
  const tell = (json: true | undefined, data: unknown, words: () => string) =>
    terminal.out(json ? jsonText(data) : words())

  tenants
    .command('list')
    .description('every tenant with its state')
    .addOption(new Option('--state <state>', 'only tenants in this state').choices(TENANT_STATES))
    .option('--search <text>', 'only tenants whose name or domain contains this')
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(async ({ json, limit, ...query }: TenantQuery & { json?: true; limit: number }) => {
      const asked = await listTenantsFor(await tools(), { ...query, limit: limit + 1 })
      const found = asked.slice(0, limit)
      tell(json, found, () => (found.length === 0 ? 'No tenants.' : tenantTable(found)))
      tellMore(terminal, { asked, limit, others: ', --state and --search find some' })
    })

  tenants
    .command('lag')
    .description('the tenants that have not been read for longest, the longest first')
    .addOption(limitOption(20))
    .addOption(jsonOption())
    .action(async ({ json, limit }: { json?: true; limit: number }) => {
      const found = await listLagging(await tools(), { limit })
      tell(json, found, () => (found.length === 0 ? 'No tenant is read at all.' : laggingTable(found)))
    })

  tenants
    .command('show')
    .description('one tenant: its state and why, its permissions, runs and audit')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async ({ tenant, json }: Chosen) => {
      const open = await tools()
      const story = await showTenant(open, tenant)
      const signUpLink = `${open.config.publicUrl}/?tenant=${tenant}`
      tell(json, { ...story, signUpLink }, () => tellStory(story, signUpLink))
    })

  verifyCommand(tenants, context, fail)

  const changes = [
    ['pause', 'let the daemon leave the tenant alone', pauseTenant, ''],
    ['resume', 'let the daemon work for the tenant again', resumeTenant, ''],
    [
      'allow-removal',
      'let the next reading remove what it stopped at, once',
      allowRemoval,
      ' Its next reading removes what Microsoft says is gone, once.',
    ],
  ] as const
  for (const [name, about, change, effect] of changes) {
    tenants
      .command(name)
      .description(about)
      .addOption(tenantOption())
      .addOption(reasonOption())
      .addOption(jsonOption())
      .action(async ({ tenant, reason, json }: Chosen) => {
        const changed = await change(await tools(), { tenantId: tenant, actor: CLI_ACTOR, reason })
        tell(json, changed, () => `${printable(changed.displayName)} is ${changed.state}.${effect}`)
      })
  }

  offboardCommand(tenants, context, fail)
}

const tenantTable = (tenants: readonly Tenant[]): string =>
  table(
    ['TENANT ID', 'NAME', 'DOMAIN', 'STATE', 'WHY'],
    tenants.map(({ id, displayName, defaultDomain, state, diagnosis }) => [
      id,
      displayName,
      defaultDomain ?? '',
      state,
      diagnosis?.code ?? '',
    ]),
  )

const laggingTable = (lagging: readonly Lagging[]): string =>
  table(
    ['TENANT ID', 'NAME', 'STATE', 'LAST READ (UTC)', 'LAG', 'DUE (UTC)', 'WHY'],
    lagging.map(({ id, displayName, state, readAt, lagSeconds, dueAt, code }) => [
      id,
      displayName,
      state,
      readAt ? timeText(readAt) : 'never',
      lagText(lagSeconds),
      timeText(dueAt),
      code ?? '',
    ]),
  )

/** 3 d 4 h, 4 h 5 min, 5 min */
function lagText(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`
}

/** Each trouble once: why its state is so, open incidents, what its latest reading met. */
function troublesOf(
  { diagnosis }: Tenant,
  [latest]: readonly SyncRun[],
  incidents: TenantStory['incidents'],
): Diagnosis[] {
  const met = latest ? inTheWayOf(latest) : null
  const found = [diagnosis, ...incidents.map((incident) => incident.diagnosis), met].filter((one) => one !== null)
  return found.filter(({ code }, index) => found.findIndex((other) => other.code === code) === index)
}

const nextTryText = (at: Date | null, incidents: TenantStory['incidents']): string =>
  incidents.some(({ holds }) => holds)
    ? 'when the incident is over'
    : at
      ? `${timeText(at)} UTC${incidents.some(({ hosts }) => hosts.length > 0) ? ', on a machine whose credential Microsoft accepts' : ''}`
      : 'not before somebody does something'

function tellStory(
  { tenant, grants, runs, jobRuns, audit, counts, kinds, nextTryAt, incidents }: TenantStory,
  signUpLink: string,
): string {
  const read = kinds.filter(({ isRead }) => isRead)
  return [
    `${printable(`${tenant.displayName} (${tenant.defaultDomain ?? tenant.id})`)} is ${tenant.state}.`,
    ...troublesOf(tenant, runs, incidents).flatMap(diagnosisText),
    `  Next try: ${nextTryText(nextTryAt, incidents)}.`,
    `  Stored: ${storedText(read, counts)}.`,
    ...leftText(kinds, counts),
    `  Its administrators sign up again at ${signUpLink}`,
    '',
    table(
      ['PERMISSION', 'STATUS'],
      grants.map(({ permission, status }) => [permission, status]),
    ),
    '',
    table(
      [
        'RUN STARTED (UTC)',
        'STATE',
        'PAGES',
        ...read.map(({ title }) => `${title} read`.toUpperCase()),
        'REMOVED',
        'WHY',
      ],
      runs.map((run) => [
        timeText(run.startedAt),
        run.state,
        `${run.pages}`,
        ...read.map(({ kind }) => `${run.counts[kind] ?? 0}`),
        `${run.removed}`,
        run.diagnosis?.code ?? '',
      ]),
    ),
    '',
    ...(jobRuns.length > 0 ? [jobTable(jobRuns), ''] : []),
    table(
      ['AT (UTC)', 'ACTOR', 'ACTION', 'FROM', 'TO'],
      audit.map((entry) => [timeText(entry.at), entry.actor, entry.action, entry.from ?? '', entry.to ?? '']),
    ),
  ].join('\n')
}

const storedText = (kinds: TenantStory['kinds'], counts: TenantStory['counts']): string =>
  kinds.map(({ kind, title }) => `${counts[kind] ?? 0} ${title.toLowerCase()}`).join(', ')

function leftText(kinds: TenantStory['kinds'], counts: TenantStory['counts']): string[] {
  const left = kinds.filter(({ isRead }) => !isRead)
  return left.length > 0 ? [`  No longer read, and left as it was: ${storedText(left, counts)}.`] : []
}

const jobTable = (runs: readonly SyncRun[]): string =>
  table(
    ['JOB STARTED (UTC)', 'JOB', 'STATE', 'PROGRESS', 'WHY'],
    runs.map(({ startedAt, job, state, progress, diagnosis }) => [
      timeText(startedAt),
      job,
      state,
      progress ?? '',
      diagnosis?.code ?? '',
    ]),
  )
