import { SIGN_UP_SCOPES } from '#model/app.ts'
import type { ShownPermission } from '#pages/components/permission-list.ts'

const REASONS: Record<(typeof SIGN_UP_SCOPES)[number], string> = {
  openid: 'Signs you in.',
  profile: 'Tells us your name and which tenant you belong to, so that the right one is connected.',
  'User.Read':
    'Looks which directory role you hold: only an administrator can connect an organisation, and not every one may grant.',
  'Application.Read.All': 'Finds our entry among your enterprise applications and what it has been granted already.',
  'AppRoleAssignment.ReadWrite.All':
    'Adds exactly the application permissions listed on this page to our entry. It is a powerful permission: we use it only when you press “Grant”, and show you how to take it back afterwards.',
}

/** What is asked of the administrator, each with its reason. */
export const DELEGATED: readonly ShownPermission[] = SIGN_UP_SCOPES.map((value) => ({ value, reason: REASONS[value] }))
