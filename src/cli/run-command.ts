import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { jsonOption, tenantOption } from '#cli/tenant-option.ts'
import { jsonText, printable, type Terminal } from '#cli/terminal.ts'
import { byHand } from '#flows/runs/by-hand.ts'
import { printUsers } from '#flows/runs/print-users.ts'
import type { JobOutcome } from '#flows/runs/run-job.ts'
import { runJobByHand } from '#flows/runs/run-job-by-hand.ts'
import { syncTenant } from '#flows/sync/sync-tenant.ts'
import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { WORKING_STATES } from '#model/tenant.ts'
import { asTenant } from '#store/database/open.ts'
import { latestRun } from '#store/sync-runs.ts'
import type { Tools } from '#tools.ts'

type Chosen = { tenant: TenantId; json?: true }
type Job = (
  tools: Tools,
  context: { tenantId: TenantId; json: boolean; terminal: Terminal; signal: AbortSignal },
) => Promise<JobOutcome>

/** What is built in and can be done by hand, here and now, for one tenant. */
const BUILT_IN: Record<string, Job> = {
  'print-users': async (tools, { tenantId, json, terminal, signal }) => {
    const names: string[] = []
    const { claims, users } = await printUsers(tools, {
      tenantId,
      signal,
      print: {
        claims: (found) => json || terminal.out(`Claims of the app-only token:\n${jsonText(found, 2)}\n`),
        user: (name) => (json ? names.push(name) : terminal.out(printable(name))),
      },
    })
    terminal.out(json ? jsonText({ claims, users: names }) : `\n${users} users.`)
    return 'succeeded'
  },
  'sync-tenant': async (tools, { tenantId, json, terminal, signal }) => {
    const works = WORKING_STATES.includes((await knownTenant(tools, tenantId)).state)
    const place = { name: 'sync-tenant', payload: { tenantId }, what: 'sync-tenant', signal } as const
    await byHand(tools, place, (inPlace) => syncTenant(tools, { tenantId, signal: inPlace }))
    const { state, displayName } = await knownTenant(tools, tenantId)
    const run = works ? await asTenant(tools.store, tenantId, (sql) => latestRun(sql)) : null
    const outcome = run === null ? 'idle' : run.state === 'waiting' ? 'waiting' : 'succeeded'
    const words =
      outcome === 'succeeded'
        ? `${printable(displayName)} has been read; it is ${state}.`
        : `Reading ${printable(displayName)}: ${OUTCOMES[outcome]} It is ${state}.`
    terminal.out(json ? jsonText({ tenantId, state, outcome }) : words)
    return outcome
  },
}

/** @throws Problem JOB_UNKNOWN when the configuration has none of this name, JOB_UNDER_WAY when somebody does it already */
const ownJob =
  (job: string): Job =>
  async (tools, { tenantId, json, terminal, signal }) => {
    await knownTenant(tools, tenantId)
    const outcome = await runJobByHand(tools, { tenantId, job, signal })
    const { displayName, state } = await knownTenant(tools, tenantId)
    const words = `${job} in ${printable(displayName)}: ${OUTCOMES[outcome]}${outcome === 'idle' ? ` It is ${state}.` : ''}`
    terminal.out(json ? jsonText({ tenantId, job, state, outcome }) : words)
    return outcome
  }

const OUTCOMES: Record<JobOutcome, string> = {
  succeeded: 'done.',
  waiting: 'not done to the end yet; a worker goes on with it.',
  idle: 'not done, because the daemon does not work for this tenant in the state that it is in.',
}

/**
 * `tenantry run JOB --tenant ID`
 * @param fail called where nothing was done, and it will not be done by itself
 */
export function runCommand(program: Command, { tools, terminal, signal }: CliContext, fail: () => void): void {
  program
    .command('run')
    .description('run a job for one tenant, now')
    .argument('<job>', `which job: ${Object.keys(BUILT_IN).join(', ')} or one of tenantry.config.ts`)
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async (name: string, { tenant, json }: Chosen) => {
      const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined
      const run = builtIn ?? ownJob(name)
      const open = await tools()
      const outcome = await open.telemetry.span(
        'job by hand',
        () => ({ 'tenantry.job': name, 'tenantry.tenant': tenant }),
        () => run(open, { tenantId: tenant, json: json === true, terminal, signal }),
      )
      if (outcome === 'idle') fail()
    })
}
