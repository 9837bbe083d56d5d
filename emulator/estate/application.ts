import { findApplication } from '#emulator/directory/applications.ts'
import { guidOf } from '#emulator/directory/ids.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import type { Directory } from '#emulator/directory/open.ts'
import type { Application, Guid, RequiredResourceAccess, Tenant } from '#emulator/directory/types.ts'
import { readCertificate } from '#emulator/estate/certificate.ts'
import type { Estate } from '#emulator/estate/schema.ts'

type Entry = Estate['applications'][number]

/** When everything of an estate came into being: long before any test. */
export const FOUNDED = new Date('2019-05-06T09:00:00Z')
const SECRET_YEARS_MILLISECONDS = 2 * 365 * 24 * 3_600_000

/** An application as its estate entry says; what it asks of others is filled in by `requiredAccess` when all are there. */
export function makeApplication(entry: Entry, home: Tenant, now: Date, mistakes: string[]): Application {
  return {
    id: guidOf('application', entry.appId),
    appId: entry.appId,
    tenantId: home.id,
    displayName: entry.displayName,
    uniqueName: null,
    createdAt: FOUNDED,
    signInAudience: entry.signInAudience,
    identifierUris: entry.identifierUris,
    redirectUris: {
      web: entry.publicClient ? [] : entry.redirectUris,
      spa: entry.spaRedirectUris,
      publicClient: entry.publicClient ? entry.redirectUris : [],
    },
    logoutUrl: null,
    implicitIdTokens: entry.implicitGrant.idTokens,
    implicitAccessTokens: entry.implicitGrant.accessTokens,
    isFallbackPublicClient: entry.publicClient,
    groupMembershipClaims: entry.groupMembershipClaims,
    requestedAccessTokenVersion: entry.accessTokenVersion,
    appRoles: entry.appRoles.map((role) => ({
      ...role,
      id: role.id ?? guidOf('appRole', entry.appId, role.value),
      isEnabled: true,
    })),
    delegatedPermissions: entry.delegatedPermissions.map(({ id, value, type, displayName, description }) => ({
      id: id ?? guidOf('delegatedPermission', entry.appId, value),
      value,
      type,
      adminConsentDisplayName: displayName,
      adminConsentDescription: description,
      userConsentDisplayName: displayName,
      userConsentDescription: description,
      isEnabled: true,
    })),
    requiredResourceAccess: [],
    passwordCredentials: entry.secrets.map((secret, index) => ({
      keyId: guidOf('secret', entry.appId, index),
      displayName: secret.displayName ?? null,
      secret: secret.value,
      startsAt: FOUNDED,
      endsAt: secret.endsAt ? new Date(secret.endsAt) : new Date(now.getTime() + SECRET_YEARS_MILLISECONDS),
    })),
    keyCredentials: entry.certificates.flatMap((pem, index) => {
      const key = readCertificate(pem, guidOf('key', entry.appId, index))
      if (!key) mistakes.push(`applications ${entry.displayName}: certificate ${index + 1} cannot be read`)
      return key ? [key] : []
    }),
    federatedCredentials: entry.federatedCredentials.map((credential) => ({
      ...credential,
      id: guidOf('federatedCredential', entry.appId, credential.name),
    })),
    verifiedPublisher: entry.verifiedPublisher
      ? {
          displayName: entry.verifiedPublisher,
          verifiedPublisherId: guidOf('publisher', entry.verifiedPublisher),
          addedAt: FOUNDED,
        }
      : null,
    publisherDomain: home.domains[0]?.name ?? '',
    info: {
      privacyStatementUrl: entry.privacyStatementUrl,
      termsOfServiceUrl: entry.termsOfServiceUrl,
      supportUrl: null,
      marketingUrl: null,
      logoUrl: null,
    },
    optionalClaims: entry.optionalClaims
      ? { idToken: entry.optionalClaims.idToken.map(named), accessToken: entry.optionalClaims.accessToken.map(named) }
      : null,
  }
}

/** As Graph has it. @see https://learn.microsoft.com/graph/api/resources/optionalclaim */
const named = (name: string) => ({ name, source: null, essential: false, additionalProperties: [] })

/** The permissions that a registration lists, by name in the estate, by id in the directory. */
export function requiredAccess(directory: Directory, entry: Entry, mistakes: string[]): RequiredResourceAccess[] {
  const { delegated, application, others } = entry.requiredPermissions
  return [{ app: MICROSOFT_GRAPH, delegated, application }, ...others].flatMap((wanted) => {
    const resource = findApplication(directory, wanted.app)
    if (!resource) {
      mistakes.push(`applications ${entry.displayName}: requires permissions of ${wanted.app}, which is not there`)
      return []
    }
    const find = (kind: string, among: readonly { id: Guid; value: string }[], value: string): Guid[] => {
      const found = among.find((candidate) => candidate.value === value)
      if (!found)
        mistakes.push(`applications ${entry.displayName}: ${resource.displayName} has no ${kind} permission '${value}'`)
      return found ? [found.id] : []
    }
    const access = [
      ...wanted.delegated.flatMap((value) =>
        find('delegated', resource.delegatedPermissions, value).map((id) => ({ id, type: 'Scope' as const })),
      ),
      ...wanted.application.flatMap((value) =>
        find('application', resource.appRoles, value).map((id) => ({ id, type: 'Role' as const })),
      ),
    ]
    return access.length > 0 ? [{ resourceAppId: resource.appId, resourceAccess: access }] : []
  })
}
