import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, jsonOption, tenantOption } from '#cli/tenant-option.ts'
import { jsonText, standingText, table, tellInvitation, tellStep } from '#cli/terminal.ts'
import { type GrantedAtTerminal, grantAtTerminal } from '#flows/grants/grant-at-terminal.ts'
import { planTenantGrants } from '#flows/grants/plan-tenant-grants.ts'
import { writeGrantScript } from '#flows/grants/write-grant-script.ts'
import type { TenantId } from '#model/ids.ts'

type Chosen = { tenant: TenantId; json?: true }

/**
 * `tenantry grants plan|apply|script`: what is there, what is missing, and how an administrator adds it.
 * @param fail called where the command has told what it found, and that is a failure
 */
export function grantsCommand(program: Command, { tools, terminal, signal }: CliContext, fail: () => void): void {
  const grants = program.command('grants').description('the application permissions in one tenant')

  grants
    .command('plan')
    .description('what the app declares and what the tenant has granted')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async ({ tenant, json }: Chosen) => {
      const plan = await planTenantGrants(await tools(), tenant)
      terminal.out(
        json
          ? jsonText(plan)
          : table(
              ['PERMISSION', 'STATUS', 'REASON'],
              plan.grants.map(({ value, status, reason }) => [value, status, reason]),
            ),
      )
    })

  grants
    .command('apply')
    .description('grant what is missing, signed in here as an administrator of the tenant')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async ({ tenant, json }: Chosen) => {
      const applied = await grantAtTerminal(await tools(), {
        tenantId: tenant,
        actor: CLI_ACTOR,
        tell: (invitation) => tellInvitation(terminal, invitation),
        progress: { step: (text, work) => tellStep(terminal, text, work) },
        signal,
      })
      terminal.out(json ? jsonText(applied) : tellApplied(applied))
      if (applied.diagnosis) fail()
    })

  grants
    .command('script')
    .description('the az CLI script that grants by hand')
    .addOption(tenantOption())
    .action(async ({ tenant }: Chosen) => {
      terminal.out(writeGrantScript(await tools(), tenant))
    })
}

const tellApplied = ({ granted, tenant, diagnosis }: GrantedAtTerminal): string =>
  [
    granted.length > 0 ? `Granted: ${granted.join(', ')}.` : 'Everything was granted already.',
    ...standingText(tenant, diagnosis),
  ].join('\n')
