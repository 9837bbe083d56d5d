import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, idOption, jsonOption } from '#cli/tenant-option.ts'
import { table, timeText } from '#cli/terminal.ts'
import { closeIncidentBy } from '#flows/close-incident.ts'
import type { Incident, IncidentId } from '#model/incident.ts'
import { listIncidents } from '#store/incidents.ts'
import { asFleet } from '#store/open.ts'

/** `tenantry incidents list|close` */
export function incidentsCommand(program: Command, { tools, terminal }: CliContext): void {
  const incidents = program
    .command('incidents')
    .description('what must never happen, and what stops the work for everybody')

  incidents
    .command('list')
    .description('the open ones')
    .option('--all', 'those that were closed, too')
    .addOption(jsonOption())
    .action(async ({ all, json }: { all?: true; json?: true }) => {
      const { store } = await tools()
      const found = await asFleet(store, (sql) => listIncidents(sql, all ? {} : { open: true }))
      terminal.out(json ? JSON.stringify(found) : found.length === 0 ? 'No incidents.' : incidentTable(found))
    })

  incidents
    .command('close')
    .description('say that it has been looked at; what it held goes on')
    .addOption(idOption('the incident’s id'))
    .addOption(jsonOption())
    .action(async ({ id, json }: { id: string; json?: true }) => {
      const closed = await closeIncidentBy(await tools(), { id: id as IncidentId, actor: CLI_ACTOR })
      terminal.out(json ? JSON.stringify(closed) : `${closed.code} is closed.`)
    })
}

const incidentTable = (incidents: readonly Incident[]): string =>
  table(
    ['ID', 'OPENED (UTC)', 'CODE', 'TENANT', 'TIMES', 'HOLDS THE WORK', 'CLOSED BY', 'WHAT'],
    incidents.map(({ id, openedAt, code, tenantId, times, holds, closedBy, diagnosis }) => [
      id,
      timeText(openedAt),
      code,
      tenantId ?? 'all',
      `${times}`,
      holds ? 'yes' : '',
      closedBy ?? '',
      diagnosis.message,
    ]),
  )
