import { InvalidArgumentError, Option } from 'commander'
import { parseTenantId, type TenantId } from '#model/ids.ts'

const tenantId = (text: string): TenantId => {
  const id = parseTenantId(text)
  if (id) return id
  throw new InvalidArgumentError('A tenant id is a GUID, such as 11111111-2222-3333-4444-555555555555.')
}

/** `--tenant ID`, required. */
export const tenantOption = (): Option =>
  new Option('--tenant <id>', 'the tenant id').argParser(tenantId).makeOptionMandatory()

/** `--json`: data for programs instead of words for people. */
export const jsonOption = (): Option => new Option('--json', 'print JSON')

/** What the audit names as the actor of a command. */
export const CLI_ACTOR = 'operator:command-line'
