import { mayConsentForAll, mayGrantGraphRoles } from '#emulator/directory/directory-roles.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Application, User } from '#emulator/directory/types.ts'
import type { AskedScopes } from '#emulator/entra/scopes.ts'
import { type AdminConsent, type Parties, recordAdminConsent, registered } from '#emulator/entra/sign-in/consent.ts'
import { type Redirect, redirectWith } from '#emulator/entra/sign-in/redirect.ts'
import type { AuthorizeRequest } from '#emulator/entra/state.ts'
import type { World } from '#emulator/world.ts'

/** What an administrator is asked for: with `.default` everything registered, application permissions included. */
export const adminConsentContents = (
  directory: Directory,
  application: Application,
  asked: AskedScopes,
): AdminConsent[] =>
  asked.isDefault ? registered(directory, application) : asked.all.map((part) => ({ ...part, roles: [] }))

/** An Application Administrator may consent to everything but app roles of Microsoft Graph. */
export const mayGiveAdminConsent = ({ directoryRoles }: User, contents: readonly AdminConsent[]): boolean =>
  contents.some(({ resource, roles }) => resource.appId === MICROSOFT_GRAPH && roles.length > 0)
    ? mayGrantGraphRoles(directoryRoles)
    : mayConsentForAll(directoryRoles)

/**
 * Records the consent and goes back without code or token. `tenant` in the answer is no proof to the client.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 */
export function completeAdminConsent(
  world: World,
  parties: Parties,
  request: AuthorizeRequest,
  asked: AskedScopes,
): Redirect {
  recordAdminConsent(world.directory, parties, adminConsentContents(world.directory, parties.application, asked))
  return request.purpose === 'admin-consent-v1'
    ? redirectWith(request, { tenant: parties.tenant.id, admin_consent: 'True' })
    : redirectWith(request, { admin_consent: 'True', tenant: parties.tenant.id, scope: request.scopes.join(' ') })
}
