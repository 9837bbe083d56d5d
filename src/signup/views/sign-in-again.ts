import type { TenantId } from '#model/ids.ts'
import { action } from '#pages/components/button.ts'
import type { Html } from '#pages/html.ts'

/** What another sign-in mends: a token tells of the roles that were active when it was made, and is good for so long. */
export const signInAgain = (invitedTenantId: TenantId | null): Html =>
  action('/sign-up', 'Sign in again', { fields: invitedTenantId ? { tenant: invitedTenantId } : {} })
