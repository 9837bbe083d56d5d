import { guidOf } from '#emulator/directory/ids.ts'
import { MICROSOFT_SERVICES } from '#emulator/directory/microsoft-graph.ts'
import type { Application, DelegatedPermission, Guid } from '#emulator/directory/types.ts'

export const AZURE_CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
/** What people at a terminal sign in to Microsoft Graph with. */
export const GRAPH_COMMAND_LINE_TOOLS = '14d82eec-204b-4c2f-b7e8-296a70dab67e'
export const AZURE_RESOURCE_MANAGER = '797f4846-ba00-4fd7-ba43-dac1f8f63013'
export const PORTAL_IAM = '74658136-14ec-4630-ad9b-26e160ff0fc6'

/** What the Azure CLI holds on Microsoft Graph without asking anybody. */
const CLI_SCOPES_OF_GRAPH = [
  'Application.ReadWrite.All',
  'AppRoleAssignment.ReadWrite.All',
  'AuditLog.Read.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Directory.AccessAsUser.All',
  'Group.ReadWrite.All',
  'User.ReadWrite.All',
]

const impersonation = (appId: Guid): DelegatedPermission => ({
  id: guidOf('delegatedPermission', appId, 'user_impersonation'),
  value: 'user_impersonation',
  type: 'User',
  adminConsentDisplayName: 'Access as the user',
  adminConsentDescription: 'Allows the app to act as the signed-in user.',
  userConsentDisplayName: 'Access as you',
  userConsentDescription: 'Allows the app to act as you.',
  isEnabled: true,
})

const firstParty = (appId: Guid, displayName: string, more: Partial<Application>): Application => ({
  id: guidOf('application', appId),
  appId,
  tenantId: MICROSOFT_SERVICES,
  displayName,
  uniqueName: null,
  createdAt: new Date('2014-01-01T00:00:00Z'),
  signInAudience: 'AzureADMultipleOrgs',
  identifierUris: [],
  redirectUris: { web: [], spa: [], publicClient: [] },
  logoutUrl: null,
  implicitIdTokens: false,
  implicitAccessTokens: false,
  isFallbackPublicClient: false,
  groupMembershipClaims: null,
  requestedAccessTokenVersion: 1,
  appRoles: [],
  delegatedPermissions: [],
  requiredResourceAccess: [],
  passwordCredentials: [],
  keyCredentials: [],
  federatedCredentials: [],
  verifiedPublisher: null,
  publisherDomain: 'microsoft.com',
  info: { privacyStatementUrl: null, termsOfServiceUrl: null, supportUrl: null, marketingUrl: null, logoUrl: null },
  optionalClaims: null,
  ...more,
})

/** Microsoft's own applications as far as command lines need them. They come into a tenant when they are first used. */
export const firstPartyApplications = (): Application[] => [
  firstParty(AZURE_CLI, 'Microsoft Azure CLI', {
    isFallbackPublicClient: true,
    redirectUris: { web: [], spa: [], publicClient: ['http://localhost'] },
  }),
  firstParty(GRAPH_COMMAND_LINE_TOOLS, 'Microsoft Graph Command Line Tools', {
    isFallbackPublicClient: true,
    redirectUris: { web: [], spa: [], publicClient: ['http://localhost'] },
  }),
  firstParty(AZURE_RESOURCE_MANAGER, 'Windows Azure Service Management API', {
    identifierUris: ['https://management.core.windows.net', 'https://management.azure.com'],
    delegatedPermissions: [impersonation(AZURE_RESOURCE_MANAGER)],
  }),
  firstParty(PORTAL_IAM, 'ADIbizaUX', { delegatedPermissions: [impersonation(PORTAL_IAM)] }),
]

export const isFirstParty = ({ tenantId }: Application): boolean => tenantId === MICROSOFT_SERVICES

/**
 * Whether nobody has to consent to it. Graph's own command line holds nothing until whoever signs in has consented.
 * @see https://learn.microsoft.com/powershell/microsoftgraph/authentication-commands
 */
export const needsNoConsent = (client: Application): boolean =>
  isFirstParty(client) && client.appId !== GRAPH_COMMAND_LINE_TOOLS

/** What a first-party client may do without consent. */
export const preauthorizedScopes = (client: Application, resource: Application): string[] =>
  client.appId === AZURE_CLI && isFirstParty(resource)
    ? resource.delegatedPermissions
        .map(({ value }) => value)
        .filter((value) => value === 'user_impersonation' || CLI_SCOPES_OF_GRAPH.includes(value))
    : []
