import type { Command } from 'commander'
import { limitOption, tellMore } from '#cli/limit-option.ts'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, idOption, jsonOption } from '#cli/tenant-option.ts'
import { diagnosisText, jsonText, table, timeText } from '#cli/terminal.ts'
import { closeIncidentBy } from '#flows/incidents/close-incident.ts'
import type { Incident, IncidentId } from '#model/incident.ts'
import { asFleet } from '#store/database/open.ts'
import { listIncidents } from '#store/incidents.ts'

/** `tenantry incidents list|close` */
export function incidentsCommand(program: Command, { tools, terminal }: CliContext): void {
  const incidents = program
    .command('incidents')
    .description('what must never happen, and what stops the work for everybody')

  incidents
    .command('list')
    .description('the open ones')
    .option('--all', 'those that were closed, too')
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(async ({ all, limit, json }: { all?: true; limit: number; json?: true }) => {
      const { store } = await tools()
      const asked = await asFleet(store, (sql) =>
        listIncidents(sql, { limit: limit + 1, ...(all ? {} : { open: true }) }),
      )
      const found = asked.slice(0, limit)
      terminal.out(json ? jsonText(found) : found.length === 0 ? 'No incidents.' : tellIncidents(found))
      tellMore(terminal, { asked, limit })
    })

  incidents
    .command('close')
    .description('say that it has been looked at; what it held goes on')
    .addOption(idOption('the incident’s id'))
    .addOption(jsonOption())
    .action(async ({ id, json }: { id: string; json?: true }) => {
      const closed = await closeIncidentBy(await tools(), { id: id as IncidentId, actor: CLI_ACTOR })
      terminal.out(json ? jsonText(closed) : `${closed.code} is closed.`)
    })
}

/** What they are, and below, of the open ones, what to do about each. */
const tellIncidents = (found: readonly Incident[]): string =>
  [
    incidentTable(found),
    ...found
      .filter(({ closedAt }) => closedAt === null)
      .map(({ tenantId, hosts, diagnosis }) =>
        [
          '',
          ...diagnosisText(diagnosis),
          ...(tenantId ? [`  Tenant:       ${tenantId}`] : []),
          ...(hosts.length > 0 ? [`  Machines:     ${hosts.join(', ')}`] : []),
        ].join('\n'),
      ),
  ].join('\n')

const incidentTable = (incidents: readonly Incident[]): string =>
  table(
    ['ID', 'OPENED (UTC)', 'CODE', 'TENANT', 'TIMES', 'HOLDS THE WORK', 'CLOSED BY'],
    incidents.map(({ id, openedAt, code, tenantId, hosts, times, holds, closedBy }) => [
      id,
      timeText(openedAt),
      code,
      tenantId ?? (hosts.length > 0 ? 'none' : 'all'),
      `${times}`,
      holds ? 'yes' : '',
      closedBy ?? '',
    ]),
  )
