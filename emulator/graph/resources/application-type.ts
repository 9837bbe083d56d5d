import type {
  Application,
  AppRole,
  DelegatedPermission,
  KeyCredential,
  PasswordCredential,
} from '#emulator/directory/types.ts'
import type { EntityType, Property } from '#emulator/graph/odata/entity.ts'
import { stamp } from '#emulator/graph/stamp.ts'

type P = Property<Application>

const empty = (value: unknown = null): P => ({ read: () => value, shown: true })

export const appRoleJson = (role: AppRole): object => ({
  allowedMemberTypes: role.allowedMemberTypes,
  description: role.description,
  displayName: role.displayName,
  id: role.id,
  isEnabled: role.isEnabled,
  origin: 'Application',
  value: role.value,
})

export const delegatedPermissionJson = (permission: DelegatedPermission): object => ({
  adminConsentDescription: permission.adminConsentDescription,
  adminConsentDisplayName: permission.adminConsentDisplayName,
  id: permission.id,
  isEnabled: permission.isEnabled,
  type: permission.type,
  userConsentDescription: permission.userConsentDescription,
  userConsentDisplayName: permission.userConsentDisplayName,
  value: permission.value,
})

export const publisherJson = ({ verifiedPublisher }: Application): object => ({
  displayName: verifiedPublisher?.displayName ?? null,
  verifiedPublisherId: verifiedPublisher?.verifiedPublisherId ?? null,
  addedDateTime: verifiedPublisher ? stamp(verifiedPublisher.addedAt) : null,
})

/** The secret itself is shown once, by addPassword. */
export const passwordJson = (credential: PasswordCredential): object => ({
  customKeyIdentifier: null,
  displayName: credential.displayName,
  endDateTime: stamp(credential.endsAt),
  hint: credential.secret.slice(0, 3),
  keyId: credential.keyId,
  secretText: null,
  startDateTime: stamp(credential.startsAt),
})

export const keyJson = (credential: KeyCredential): object => ({
  customKeyIdentifier: Buffer.from(credential.thumbprintSha1, 'base64url').toString('base64'),
  displayName: credential.displayName,
  endDateTime: stamp(credential.endsAt),
  key: null,
  keyId: credential.keyId,
  startDateTime: stamp(credential.startsAt),
  type: 'AsymmetricX509Cert',
  usage: 'Verify',
})

/** @see https://learn.microsoft.com/graph/api/resources/application#properties */
const properties: Readonly<Record<string, P>> = {
  id: { read: (application) => application.id, shown: true, filter: 'default' },
  deletedDateTime: empty(),
  appId: { read: (application) => application.appId, shown: true, filter: 'default' },
  applicationTemplateId: empty(),
  disabledByMicrosoftStatus: empty(),
  createdDateTime: {
    read: (application) => stamp(application.createdAt),
    shown: true,
    filter: 'advanced',
    sort: 'advanced',
  },
  displayName: {
    read: (application) => application.displayName,
    shown: true,
    filter: 'default',
    sort: 'default',
    search: true,
  },
  uniqueName: { read: (application) => application.uniqueName, shown: true },
  description: empty(),
  groupMembershipClaims: { read: (application) => application.groupMembershipClaims, shown: true },
  identifierUris: { read: (application) => application.identifierUris, shown: true, filter: 'default' },
  isDeviceOnlyAuthSupported: empty(),
  isFallbackPublicClient: { read: (application) => application.isFallbackPublicClient || null, shown: true },
  notes: empty(),
  publisherDomain: { read: (application) => application.publisherDomain, shown: true, filter: 'advanced' },
  serviceManagementReference: empty(),
  signInAudience: { read: (application) => application.signInAudience, shown: true, filter: 'default' },
  tags: { ...empty([]), filter: 'default' },
  tokenEncryptionKeyId: empty(),
  samlMetadataUrl: empty(),
  defaultRedirectUri: empty(),
  certification: empty(),
  optionalClaims: { read: (application) => application.optionalClaims, shown: true },
  addIns: empty([]),
  api: {
    read: (application) => ({
      acceptMappedClaims: null,
      knownClientApplications: [],
      requestedAccessTokenVersion: application.requestedAccessTokenVersion,
      oauth2PermissionScopes: application.delegatedPermissions.map(delegatedPermissionJson),
      preAuthorizedApplications: [],
    }),
    shown: true,
  },
  appRoles: { read: (application) => application.appRoles.map(appRoleJson), shown: true },
  info: { read: (application) => application.info, shown: true },
  keyCredentials: { read: (application) => application.keyCredentials.map(keyJson), shown: true },
  parentalControlSettings: empty({ countriesBlockedForMinors: [], legalAgeGroupRule: 'Allow' }),
  passwordCredentials: { read: (application) => application.passwordCredentials.map(passwordJson), shown: true },
  publicClient: { read: (application) => ({ redirectUris: application.redirectUris.publicClient }), shown: true },
  requiredResourceAccess: { read: (application) => application.requiredResourceAccess, shown: true },
  verifiedPublisher: { read: publisherJson, shown: true },
  web: {
    read: (application) => ({
      homePageUrl: null,
      logoutUrl: application.logoutUrl,
      redirectUris: application.redirectUris.web,
      implicitGrantSettings: {
        enableAccessTokenIssuance: application.implicitAccessTokens,
        enableIdTokenIssuance: application.implicitIdTokens,
      },
      redirectUriSettings: application.redirectUris.web.map((uri) => ({ uri, index: null })),
    }),
    shown: true,
  },
  spa: { read: (application) => ({ redirectUris: application.redirectUris.spa }), shown: true },
}

export const APPLICATION: EntityType<Application> = { name: 'application', properties }
