import { DELEGATED_NAMES, DISPLAY_NAMES } from '#emulator/directory/permission-names.ts'
import { PERMISSION_TABLE } from '#emulator/directory/permission-table.ts'
import type { Application, AppRole, DelegatedPermission } from '#emulator/directory/types.ts'

export const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000'
/** Microsoft's own tenant, which owns Microsoft Graph. */
export const MICROSOFT_SERVICES = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a'

type Line = { value: string; roleId: string; scopeId: string; who: string }
const LINES: Line[] = PERMISSION_TABLE.trim()
  .split('\n')
  .map((line) => {
    const [value = '', roleId = '', scopeId = '', who = ''] = line.split(' ')
    return { value, roleId, scopeId, who }
  })

const appRoles: AppRole[] = LINES.filter((line) => line.roleId !== '-').map(({ value, roleId }) => ({
  id: roleId,
  value,
  displayName: DISPLAY_NAMES[value] ?? value,
  description: `Allows the app to do this without a signed-in user: ${DISPLAY_NAMES[value] ?? value}.`,
  allowedMemberTypes: ['Application'],
  isEnabled: true,
}))

const delegatedPermissions: DelegatedPermission[] = LINES.filter((line) => line.scopeId !== '-').map(
  ({ value, scopeId, who }) => {
    const name = DELEGATED_NAMES[value] ?? DISPLAY_NAMES[value] ?? value
    return {
      id: scopeId,
      value,
      type: who === 'admin' ? 'Admin' : 'User',
      adminConsentDisplayName: name,
      adminConsentDescription: `Allows the app to do this on behalf of the signed-in user: ${name}.`,
      userConsentDisplayName: name,
      userConsentDescription: `Allows the app to do this on your behalf: ${name}.`,
      isEnabled: true,
    }
  },
)

/** Microsoft Graph, whose service principal every tenant has from birth. */
export const microsoftGraph = (): Application => ({
  id: '3d2b1a09-0000-4000-8000-000000000003',
  appId: MICROSOFT_GRAPH,
  tenantId: MICROSOFT_SERVICES,
  displayName: 'Microsoft Graph',
  uniqueName: null,
  createdAt: new Date('2014-01-01T00:00:00Z'),
  signInAudience: 'AzureADMultipleOrgs',
  identifierUris: [
    'https://graph.microsoft.com',
    'https://graph.microsoft.us',
    'https://dod-graph.microsoft.us',
    MICROSOFT_GRAPH,
  ],
  redirectUris: { web: [], spa: [], publicClient: [] },
  logoutUrl: null,
  implicitIdTokens: false,
  implicitAccessTokens: false,
  isFallbackPublicClient: false,
  groupMembershipClaims: null,
  requestedAccessTokenVersion: 1,
  appRoles,
  delegatedPermissions,
  requiredResourceAccess: [],
  passwordCredentials: [],
  keyCredentials: [],
  federatedCredentials: [],
  verifiedPublisher: null,
  publisherDomain: 'microsoft.com',
  info: { privacyStatementUrl: null, termsOfServiceUrl: null, supportUrl: null, marketingUrl: null, logoUrl: null },
  optionalClaims: null,
})
