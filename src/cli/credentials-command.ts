import { type Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, idOption, jsonOption } from '#cli/tenant-option.ts'
import { jsonText, table } from '#cli/terminal.ts'
import { listCredentials } from '#flows/credentials/list-credentials.ts'
import { addCredential, removeCredential } from '#flows/credentials/rotate-credential.ts'
import { type CredentialListing, daysLeft } from '#model/credential.ts'

const MAX_DAYS = 730

/** `tenantry credentials list|rotate|remove` */
export function credentialsCommand(program: Command, { tools, terminal }: CliContext): void {
  const credentials = program.command('credentials').description('the app’s secrets and certificates')

  credentials
    .command('list')
    .description('each with the days that are left')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: true }) => {
      const open = await tools()
      const found = await listCredentials(open)
      const now = open.clock.now()
      const withDays = found.credentials.map((one) => ({
        ...one,
        daysLeft: one.expiresAt ? daysLeft(one.expiresAt, now) : null,
      }))
      if (json) return terminal.out(jsonText({ ...found, credentials: withDays }))
      terminal.out(credentialTable(withDays))
      if (!found.registrationRead)
        terminal.err(
          'Only what this installation uses is shown: the app may not read its registration (Application.Read.All in the home tenant).',
        )
    })

  credentials
    .command('rotate')
    .description('add a new secret beside the old ones, and print it, once')
    .option('--days <days>', 'how long it is good', days, 180)
    .addOption(jsonOption())
    .action(async ({ days: wanted, json }: { days: number; json?: true }) => {
      const added = await addCredential(await tools(), { days: wanted, actor: CLI_ACTOR })
      if (!added.audited)
        terminal.err(`The new secret ${added.keyId} stands in no audit: the database did not take its line.`)
      if (json) return terminal.out(jsonText(added))
      terminal.err(
        `The new secret ${added.keyId} is good until ${added.expiresAt.toISOString().slice(0, 10)}. It is shown here and never again.`,
      )
      terminal.err(
        'Set it as TENANTRY_CLIENT_SECRET, restart the processes one after another, then remove the old one: tenantry credentials remove --id …',
      )
      terminal.out(added.secret)
    })

  credentials
    .command('remove')
    .description('take a secret out of the app registration')
    .addOption(idOption('the secret’s key id'))
    .addOption(jsonOption())
    .action(async ({ id, json }: { id: string; json?: true }) => {
      const { audited } = await removeCredential(await tools(), { keyId: id, actor: CLI_ACTOR })
      if (!audited)
        terminal.err(`That the secret ${id} was removed stands in no audit: the database did not take its line.`)
      terminal.out(json ? jsonText({ removed: id, audited }) : `The secret ${id} is gone.`)
    })
}

function days(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0 && count <= MAX_DAYS) return count
  throw new InvalidArgumentError(`It must be a whole number of days, ${MAX_DAYS} at most.`)
}

const credentialTable = (credentials: readonly (CredentialListing & { daysLeft: number | null })[]): string =>
  table(
    ['KIND', 'KEY ID', 'NAME', 'BEGINS', 'ENDS', 'DAYS LEFT', 'IN USE'],
    credentials.map(({ kind, keyId, name, beginsAt, expiresAt, daysLeft: left, inUse }) => [
      kind,
      keyId ?? '',
      name ?? '',
      beginsAt?.toISOString().slice(0, 10) ?? '',
      expiresAt?.toISOString().slice(0, 10) ?? 'not known',
      left === null ? '' : `${left}`,
      inUse ? 'yes' : '',
    ]),
  )
