import { openLog } from '#base/log.ts'
import { readSettings } from '#bin/read-settings.ts'
import type { Start } from '#bin/start.ts'
import { tellMistakes } from '#bin/tell-mistakes.ts'
import { EXIT_USAGE } from '#cli/run-cli.ts'
import { jsonText } from '#cli/terminal.ts'
import { resourcesReadBy } from '#model/resources-of.ts'
import { scheduleText } from '#model/schedule.ts'
import { preflight } from '#preflight.ts'

/** `tenantry doctor`: tries the whole configuration against the world, changes nothing. */
export async function doctor(start: Start, { json }: { json: boolean }): Promise<number> {
  const { terminal } = start
  const reading = await readSettings(start)
  const { mistakes, doubts } = await preflight(reading, openLog('silent'))
  if (json) terminal.out(jsonText({ mistakes, doubts }))
  else {
    if (mistakes.length > 0) tellMistakes(terminal, mistakes)
    for (const { setting, message, nextStep } of doubts)
      terminal.err(`In doubt: ${setting}: ${message}\n  → ${nextStep}`)
    if (mistakes.length + doubts.length === 0) terminal.out(allWell(reading.parts))
  }
  return mistakes.length > 0 ? EXIT_USAGE : doubts.length > 0 ? 1 : 0
}

const allWell = ({
  cloud,
  clientId,
  homeTenantId,
  databaseUrl,
  app,
}: Awaited<ReturnType<typeof readSettings>>['parts']) =>
  [
    'Everything is in order.',
    `  App          ${app?.name} (${clientId}) of tenant ${homeTenantId}`,
    `  Cloud        ${cloud?.name}: its token endpoint accepted the app’s credential`,
    `  Database     ${databaseUrl ? 'PostgreSQL answers' : 'embedded'}`,
    `  Permissions  ${app?.permissions.map(({ value }) => value).join(', ')}`,
    `  Reads        ${(app ? resourcesReadBy(app) : []).map(({ kind }) => kind).join(', ') || 'nothing'}`,
    `  Jobs         ${app?.jobs?.map(({ name, schedule }) => `${name} (${scheduleText(schedule)})`).join(', ') || 'none of its own'}`,
  ].join('\n')
