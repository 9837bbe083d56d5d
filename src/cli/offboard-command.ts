import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, jsonOption, reasonOption, tenantOption } from '#cli/tenant-option.ts'
import { jsonText, printable, type Terminal } from '#cli/terminal.ts'
import { offboardTenant } from '#flows/tenants/offboard-tenant.ts'
import { knownTenant } from '#flows/tenants/verify-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import type { Tenant } from '#model/tenant.ts'

type Chosen = { tenant: TenantId; reason: string; yes?: true; json?: true }

const NOBODY_THERE = "error: nobody can be asked here whether it is meant: add '--yes' where it is"

/**
 * `tenantry tenants offboard`: no other command deletes what cannot be had again, so it asks back.
 * @param fail called where it was not meant: then nothing was done
 */
export function offboardCommand(tenants: Command, { tools, terminal }: CliContext, fail: () => void): void {
  tenants
    .command('offboard')
    .description('stop for good and delete everything read from the tenant’s directory')
    .addOption(tenantOption())
    .addOption(reasonOption())
    .option('-y, --yes', 'without asking back; needed where nobody sits at a terminal')
    .addOption(jsonOption())
    .action(async ({ tenant: tenantId, reason, yes, json }: Chosen, command: Command) => {
      const { ask } = terminal
      if (!yes && !ask) return command.error(NOBODY_THERE)
      const open = await tools()
      if (ask && !yes && !(await isMeant({ ...terminal, ask }, await knownTenant(open, tenantId)))) {
        terminal.err('That is neither its name nor its id: nothing was done.')
        return fail()
      }
      const ended = await offboardTenant(open, { tenantId, actor: CLI_ACTOR, reason })
      terminal.out(json ? jsonText(ended) : `${printable(ended.displayName)} is ${ended.state}.`)
    })
}

/** Whoever types the name has read which tenant it is. */
async function isMeant({ err, ask }: Required<Terminal>, { id, displayName }: Tenant): Promise<boolean> {
  const name = printable(displayName)
  err(`${name} (${id}) is left for good, and everything that was read from its directory is deleted.`)
  const answer = (await ask('Type its name or its id to go on: '))?.trim()
  return answer !== undefined && [displayName.trim(), name, id].includes(answer)
}
