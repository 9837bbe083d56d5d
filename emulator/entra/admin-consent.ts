import type { Application, AppRole, DelegatedPermission, Tenant, User } from '#emulator/directory/types.ts'
import { recordAdminConsent, registeredPermissions, registeredRoles } from '#emulator/entra/consent.ts'
import { type Redirect, redirectWith } from '#emulator/entra/redirect.ts'
import type { AskedScopes } from '#emulator/entra/scopes.ts'
import type { AuthorizeRequest } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

/** What an administrator is asked for: with `.default` everything registered, application permissions included. */
export const adminConsentContents = (
  application: Application,
  asked: AskedScopes,
): { permissions: DelegatedPermission[]; roles: AppRole[] } =>
  asked.isDefault
    ? {
        permissions: registeredPermissions(application, asked.resource),
        roles: registeredRoles(application, asked.resource),
      }
    : { permissions: asked.permissions, roles: [] }

/**
 * Records the consent and goes back without code or token. `tenant` in the answer is no proof to the client.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export function completeAdminConsent(
  world: World,
  { tenant, user, application }: { tenant: Tenant; user: User; application: Application },
  request: AuthorizeRequest,
  asked: AskedScopes,
): Redirect {
  const { permissions, roles } = adminConsentContents(application, asked)
  const refused = recordAdminConsent(world.directory, { tenant, user, application }, asked.resource, permissions, roles)
  if (refused.length > 0)
    return redirectWith(request, {
      admin_consent: 'True',
      error: 'access_denied',
      error_description:
        'AADSTS90094: The grant of application permissions of Microsoft Graph requires a Privileged Role Administrator.',
    })
  return request.purpose === 'admin-consent-v1'
    ? redirectWith(request, { tenant: tenant.id, admin_consent: 'True' })
    : redirectWith(request, { admin_consent: 'True', tenant: tenant.id, scope: request.scopes.join(' ') })
}
