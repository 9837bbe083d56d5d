import type { Terminal } from '#cli/terminal.ts'

/** What every process begins with. */
export type Start = {
  env: Readonly<Record<string, string | undefined>>
  /** Where tenantry.config.ts is looked for. */
  folder: string
  terminal: Terminal
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal
}
