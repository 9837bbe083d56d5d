import { InvalidArgumentError, Option } from 'commander'
import { parseTenantId, type TenantId } from '#model/ids.ts'

const tenantId = (text: string): TenantId => {
  const id = parseTenantId(text)
  if (id) return id
  throw new InvalidArgumentError('A tenant id is a GUID, such as 11111111-2222-3333-4444-555555555555.')
}

/** `--tenant ID`, required. */
export const tenantOption = (): Option =>
  new Option('--tenant <id>', 'the tenant id (required)').argParser(tenantId).makeOptionMandatory()

/** `--tenant ID`, for what can be told of one tenant or of all. */
export const oneTenantOption = (): Option =>
  new Option('--tenant <id>', 'the tenant id; all tenants unless told').argParser(tenantId)

/** `--tenant ID …`, one at least. */
export const tenantsOption = (): Option =>
  new Option('--tenant <id...>', 'the tenant id, or several of them (required)')
    .argParser((text, before: readonly TenantId[] | undefined) => [...(before ?? []), tenantId(text)])
    .makeOptionMandatory()

const guid = (text: string): string => {
  const id = text.trim().toLowerCase()
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id
  throw new InvalidArgumentError('It is a GUID, such as 11111111-2222-3333-4444-555555555555.')
}

/** `--id ID`, required. */
export const idOption = (about: string): Option => oneIdOption(`${about} (required)`).makeOptionMandatory()

/** `--id ID`, for what can be done with one thing or with several. */
export const oneIdOption = (about: string): Option => new Option('--id <id>', about).argParser(guid)

function someText(text: string): string {
  if (text.trim() !== '') return text.trim()
  throw new InvalidArgumentError('It must not be empty: it is what others read in the audit.')
}

/** `--reason TEXT`, for whatever changes a tenant. */
export const reasonOption = (): Option =>
  new Option('--reason <text>', 'why, for the audit').argParser(someText).default('asked for on the command line')

/** `--json`: data for programs instead of words for people. */
export const jsonOption = (): Option => new Option('--json', 'print JSON')

/** What the audit names as the actor of a command. */
export const CLI_ACTOR = 'operator:command-line'
