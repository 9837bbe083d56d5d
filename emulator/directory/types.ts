/** The nouns of Entra ID as the emulator keeps them. Graph's JSON shapes are made in `graph/`, tokens in `entra/`. */

export type Guid = string

export type Domain = { name: string; isDefault: boolean; isInitial: boolean }

/** What ordinary users may consent to. @see https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent */
export type UserConsentPolicy = 'legacy' | 'low' | 'disabled'

export type Tenant = {
  id: Guid
  displayName: string
  domains: Domain[]
  countryLetterCode: string
  createdAt: Date
  userConsent: UserConsentPolicy
  /** With the workflow on, users who may not consent can send a request instead of meeting a wall. */
  adminConsentWorkflow: boolean
  conditionalAccess: AccessPolicy[]
  /** Has Microsoft Entra ID P1. */
  premium: boolean
}

/** Who has to do what before a token is given. @see https://learn.microsoft.com/entra/identity/conditional-access/overview */
export type AccessPolicy = {
  id: Guid
  displayName: string
  users: 'all' | Guid[]
  /** Template ids of directory roles; whoever holds one is meant, too. */
  roles: Guid[]
  excludedUsers: Guid[]
  /** Client ids of applications that act by themselves. */
  workloads: Guid[]
  /** Client ids of what is asked for. */
  resources: 'all' | Guid[]
  requires: 'block' | 'mfa' | 'compliant-device' | null
  signInFrequencySeconds: number | null
}

/** What is known of an account beside its object: kept for those alone of whom there is something to say. */
export type AccountSecurity = {
  /** Sessions and grants of before are no longer good; nor are tokens, where client and resource evaluate continuously. */
  revokedAt: Date | null
  passwordExpired: boolean
  wrongPasswords: number
  lockedUntil: Date | null
  hasSecondFactor: boolean
}

export type User = {
  id: Guid
  tenantId: Guid
  userPrincipalName: string
  displayName: string
  givenName: string | null
  surname: string | null
  mail: string | null
  jobTitle: string | null
  department: string | null
  officeLocation: string | null
  mobilePhone: string | null
  businessPhones: string[]
  preferredLanguage: string | null
  accountEnabled: boolean
  userType: 'Member' | 'Guest'
  createdAt: Date
  /** Generated users have none and cannot sign in. */
  password: string | null
  /** Template ids of the directory roles held. */
  directoryRoles: Guid[]
  /** For guests: who they are at home. */
  home: { tenantId: Guid; objectId: Guid } | null
}

export type Group = {
  id: Guid
  tenantId: Guid
  displayName: string
  description: string | null
  mail: string | null
  mailNickname: string
  mailEnabled: boolean
  securityEnabled: boolean
  groupTypes: string[]
  visibility: string | null
  createdAt: Date
}

export type AppRole = {
  id: Guid
  value: string
  displayName: string
  description: string
  allowedMemberTypes: ('User' | 'Application')[]
  isEnabled: boolean
}

export type DelegatedPermission = {
  id: Guid
  value: string
  /** `User`: a user may consent; `Admin`: an administrator must. */
  type: 'User' | 'Admin'
  adminConsentDisplayName: string
  adminConsentDescription: string
  userConsentDisplayName: string
  userConsentDescription: string
  isEnabled: boolean
}

export type PasswordCredential = {
  keyId: Guid
  displayName: string | null
  secret: string
  startsAt: Date
  endsAt: Date
}

export type KeyCredential = {
  keyId: Guid
  displayName: string | null
  /** DER, base64. */
  certificate: string
  /** SHA-1 and SHA-256 of the DER, base64url without padding. */
  thumbprintSha1: string
  thumbprintSha256: string
  startsAt: Date
  endsAt: Date
}

export type FederatedCredential = {
  id: Guid
  name: string
  issuer: string
  subject: string
  audiences: string[]
  description: string | null
}

export type RequiredResourceAccess = { resourceAppId: Guid; resourceAccess: { id: Guid; type: 'Scope' | 'Role' }[] }

/** An application lives in its home tenant; what other tenants have of it are service principals. */
/** Whose redirect address it is: a server’s, a page’s, a program’s. */
export type Platform = keyof Application['redirectUris']

export type Application = {
  /** Object id, in the home tenant. */
  id: Guid
  appId: Guid
  tenantId: Guid
  displayName: string
  /** A key that whoever made it has given it; never two in one tenant. */
  uniqueName: string | null
  createdAt: Date
  signInAudience:
    | 'AzureADMyOrg'
    | 'AzureADMultipleOrgs'
    | 'AzureADandPersonalMicrosoftAccount'
    | 'PersonalMicrosoftAccount'
  identifierUris: string[]
  redirectUris: { web: string[]; spa: string[]; publicClient: string[] }
  logoutUrl: string | null
  implicitIdTokens: boolean
  implicitAccessTokens: boolean
  isFallbackPublicClient: boolean
  groupMembershipClaims: string | null
  requestedAccessTokenVersion: 1 | 2 | null
  appRoles: AppRole[]
  delegatedPermissions: DelegatedPermission[]
  requiredResourceAccess: RequiredResourceAccess[]
  passwordCredentials: PasswordCredential[]
  keyCredentials: KeyCredential[]
  federatedCredentials: FederatedCredential[]
  verifiedPublisher: { displayName: string; verifiedPublisherId: string; addedAt: Date } | null
  publisherDomain: string
  info: {
    privacyStatementUrl: string | null
    termsOfServiceUrl: string | null
    supportUrl: string | null
    marketingUrl: string | null
    logoUrl: string | null
  }
  optionalClaims: Record<string, unknown> | null
}

/** The presence of an application in one tenant. App roles and delegated permissions are read from its application. */
export type ServicePrincipal = {
  /** Object id, another in every tenant. */
  id: Guid
  tenantId: Guid
  appId: Guid
  displayName: string
  accountEnabled: boolean
  appRoleAssignmentRequired: boolean
  createdAt: Date
}

/** `principalId` (a service principal, user or group) holds `appRoleId` of the resource's service principal. */
export type AppRoleAssignment = {
  id: string
  tenantId: Guid
  appRoleId: Guid
  principalId: Guid
  principalType: 'ServicePrincipal' | 'User' | 'Group'
  resourceId: Guid
  createdAt: Date
}

/** Delegated permissions given to a client, by one user for himself or by an administrator for all. */
export type PermissionGrant = {
  id: string
  tenantId: Guid
  /** Object id of the client's service principal. */
  clientId: Guid
  consentType: 'AllPrincipals' | 'Principal'
  principalId: Guid | null
  /** Object id of the resource's service principal. */
  resourceId: Guid
  scope: string[]
}
