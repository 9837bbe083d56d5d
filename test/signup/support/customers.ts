import { DEMO } from '#emulator/index.ts'
import type { TenantId } from '#model/ids.ts'
import type { DeclaredPermission } from '#model/permission.ts'

export const FABRIKAM = DEMO.fabrikam as TenantId
export const CONTOSO = DEMO.contoso as TenantId

/** Enough for a page to show, soon read. */
export const FEW_PEOPLE = { users: 30, groups: 4, seed: 5 }

/** What the site under test asks for. */
export const permissions: readonly DeclaredPermission[] = [
  { value: 'User.Read.All', reason: 'Reads people.' },
  { value: 'Group.Read.All', reason: 'Reads teams.' },
  { value: 'Organization.Read.All', reason: 'Reads the name.' },
]

/** Who does what in each customer's tenant. */
export const peopleOf = (domain: string) => ({
  globalAdministrator: `grace@${domain}`,
  privilegedRoleAdministrator: `priya@${domain}`,
  applicationAdministrator: `adam@${domain}`,
  user: `uma@${domain}`,
})
