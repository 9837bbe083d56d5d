import type { TenantId } from '#model/ids.ts'
import { action } from '#pages/components/button.ts'
import type { Html } from '#pages/html.ts'

/** A token tells of the roles that were active when it was made: one that was activated since takes another sign-in. */
export const signInAgain = (invitedTenantId: TenantId | null): Html =>
  action('/sign-up', 'Sign in again', { fields: invitedTenantId ? { tenant: invitedTenantId } : {} })
