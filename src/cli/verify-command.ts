import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, jsonOption, tenantsOption } from '#cli/tenant-option.ts'
import { jsonText, standingText, tellProblem } from '#cli/terminal.ts'
import { type Verification, verifyTenant } from '#flows/tenants/verify-tenant.ts'
import type { TenantId } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

type Chosen = { tenant: readonly TenantId[]; json?: true }

/**
 * `tenantry tenants verify`: every tenant that is named, one after the other, whatever becomes of the others.
 * @param fail called unless each of them is active and everything we need is there
 */
export function verifyCommand(tenants: Command, { tools, terminal, signal }: CliContext, fail: () => void): void {
  tenants
    .command('verify')
    .description('look whether the app still works in the tenants; exits with 0 only if it does in each')
    .addOption(tenantsOption())
    .addOption(jsonOption())
    .action(async ({ tenant, json }: Chosen) => {
      const open = await tools()
      for (const tenantId of new Set(tenant)) {
        signal.throwIfAborted()
        try {
          const verification = await verifyTenant(open, { tenantId, actor: CLI_ACTOR, signal })
          terminal.out(json ? jsonText(verification) : tellVerification(verification))
          if (!isHealthy(verification)) fail()
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== 'TENANT_UNKNOWN') throw error
          tellProblem(terminal, error)
          fail()
        }
      }
    })
}

const isHealthy = ({ tenant, diagnosis }: Verification): boolean => tenant.state === 'active' && !diagnosis

function tellVerification(verification: Verification): string {
  const { tenant, diagnosis } = verification
  const idle = !diagnosis && !isHealthy(verification)
  return [
    ...standingText(tenant, diagnosis),
    ...(idle ? ['The app works there, but the daemon does nothing in it.'] : []),
  ].join('\n')
}
