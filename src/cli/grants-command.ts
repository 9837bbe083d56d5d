import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { jsonOption, tenantOption } from '#cli/tenant-option.ts'
import { table } from '#cli/terminal.ts'
import { planTenantGrants } from '#flows/plan-tenant-grants.ts'
import { grantScript } from '#model/grant-script.ts'
import type { TenantId } from '#model/ids.ts'

type Chosen = { tenant: TenantId; json?: true }

/** `tenantry grants plan|script`: what is there, what is missing, and how an administrator adds it by hand. */
export function grantsCommand(program: Command, { tools, terminal }: CliContext): void {
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
          ? JSON.stringify(plan)
          : table(
              ['PERMISSION', 'STATUS', 'REASON'],
              plan.grants.map(({ value, status, reason }) => [value, status, reason]),
            ),
      )
    })

  grants
    .command('script')
    .description('the az CLI script that grants by hand')
    .addOption(tenantOption())
    .action(async ({ tenant }: Chosen) => {
      const { config } = await tools()
      terminal.out(
        grantScript({
          cloud: config.cloud,
          clientId: config.clientId,
          tenantId: tenant,
          appName: config.app.name,
          permissions: config.app.permissions,
        }),
      )
    })
}
