import type { Command } from 'commander'
import type { CliContext } from '#cli/run-cli.ts'
import { CLI_ACTOR, jsonOption } from '#cli/tenant-option.ts'
import { jsonText } from '#cli/terminal.ts'
import { forgetKind } from '#flows/sync/forget-kind.ts'

/** `tenantry resources forget` */
export function resourcesCommand(program: Command, { tools, terminal, signal }: CliContext): void {
  program
    .command('resources')
    .description('what was read of directories')
    .command('forget')
    .argument('<kind>', 'such as device')
    .description('delete in every tenant what is left of a kind that the configuration no longer has')
    .addOption(jsonOption())
    .action(async (kind: string, { json }: { json?: true }) => {
      const forgotten = await forgetKind(await tools(), { kind, actor: CLI_ACTOR, signal })
      const { tenants, objects } = forgotten
      const words = `${objects} ${objects === 1 ? 'object' : 'objects'} of kind ${kind} deleted, in ${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}.`
      terminal.out(json ? jsonText({ kind, ...forgotten }) : words)
    })
}
