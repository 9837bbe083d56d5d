import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { makeCertificate } from '#emulator/certificate.ts'
import type { EstateInput } from '#emulator/index.ts'

export const ISV = '10000000-0000-4000-8000-000000000001'
export const FABRIKAM = '10000000-0000-4000-8000-000000000002'
export const CONTOSO = '10000000-0000-4000-8000-000000000003'
export const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad'
export const APP = 'a0000000-0000-4000-8000-00000000000a'
export const PUBLIC_APP = 'a0000000-0000-4000-8000-00000000000b'
export const SINGLE_APP = 'a0000000-0000-4000-8000-00000000000c'
export const API_APP = 'a0000000-0000-4000-8000-00000000000d'
export const SECRET = 'a-secret-for-tests'
export const EXPIRED_SECRET = 'a-secret-that-expired'
export const REDIRECT = 'http://localhost:3999/callback'
export const GRAPH = '00000003-0000-0000-c000-000000000000'
export const GRAPH_DEFAULT = 'https://graph.microsoft.com/.default'

const password = 'Passw0rd!'
const staff = (domain: string) => [
  { userPrincipalName: `grace@${domain}`, displayName: 'Grace Global', password, roles: ['Global Administrator'] },
  {
    userPrincipalName: `priya@${domain}`,
    displayName: 'Priya Privileged',
    password,
    roles: ['Privileged Role Administrator'],
  },
  { userPrincipalName: `adam@${domain}`, displayName: 'Adam Apps', password, roles: ['Application Administrator'] },
  { userPrincipalName: `uma@${domain}`, displayName: 'Uma User', password },
  { userPrincipalName: `disa@${domain}`, displayName: 'Disa Bled', password, accountEnabled: false },
]

/** Key and certificate of a client, made for this run. */
export function makeClientCertificate(
  notBefore = new Date(Date.now() - 86_400_000),
  notAfter = new Date(Date.now() + 365 * 86_400_000),
): { key: KeyObject; certificate: string } {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certificate = makeCertificate({
    subject: 'daemon',
    issuer: 'daemon',
    key,
    signedWith: key,
    notBefore,
    notAfter,
  })
  return { key, certificate }
}

/** An ISV with four apps, two customers, and the tenant of personal accounts. */
export const testEstate = (certificates: readonly string[] = []): EstateInput => ({
  tenants: [
    {
      id: ISV,
      displayName: 'Northwind',
      domains: ['northwind.example', 'northwind.onmicrosoft.com'],
      users: [
        {
          userPrincipalName: 'olivia@northwind.example',
          displayName: 'Olivia Owner',
          password,
          roles: ['Global Administrator'],
        },
      ],
    },
    {
      id: FABRIKAM,
      displayName: 'Fabrikam',
      domains: ['fabrikam.example', 'fabrikam.onmicrosoft.com'],
      users: [
        ...staff('fabrikam.example'),
        {
          userPrincipalName: 'gus_contoso#EXT#@fabrikam.example',
          displayName: 'Gus Guest',
          guestOf: 'uma@contoso.example',
        },
      ],
    },
    {
      id: CONTOSO,
      displayName: 'Contoso',
      domains: ['contoso.example'],
      userConsent: 'legacy',
      users: staff('contoso.example'),
    },
    {
      id: PERSONAL,
      displayName: 'Personal accounts',
      domains: ['outlook.example'],
      users: [{ userPrincipalName: 'pat@outlook.example', displayName: 'Pat Personal', password }],
    },
  ],
  applications: [
    {
      appId: APP,
      homeTenant: ISV,
      displayName: 'Daemon',
      redirectUris: [REDIRECT],
      secrets: [{ value: SECRET }, { value: EXPIRED_SECRET, endsAt: '2020-01-01T00:00:00Z' }],
      certificates: [...certificates],
      verifiedPublisher: 'Northwind',
      groupMembershipClaims: 'DirectoryRole',
      accessTokenVersion: 2,
      requiredPermissions: {
        delegated: ['openid', 'profile', 'User.Read', 'Application.Read.All'],
        application: ['User.Read.All', 'Group.Read.All'],
        others: [{ app: API_APP, delegated: ['Orders.Read'] }],
      },
      appRoles: [{ value: 'Operator', displayName: 'Operator', allowedMemberTypes: ['User'] }],
    },
    { appId: PUBLIC_APP, homeTenant: ISV, displayName: 'Tool', redirectUris: ['http://localhost'], publicClient: true },
    {
      appId: SINGLE_APP,
      homeTenant: ISV,
      displayName: 'Inside',
      signInAudience: 'AzureADMyOrg',
      redirectUris: [REDIRECT],
      secrets: [{ value: SECRET }],
    },
    {
      appId: API_APP,
      homeTenant: ISV,
      displayName: 'Orders',
      delegatedPermissions: [{ value: 'Orders.Read', displayName: 'Read your orders' }],
      identifierUris: ['api://orders'],
      accessTokenVersion: 2,
      redirectUris: [REDIRECT],
      secrets: [{ value: SECRET }],
    },
  ],
  servicePrincipals: [
    { tenant: FABRIKAM, appId: API_APP },
    { tenant: CONTOSO, appId: APP, application: ['User.Read.All'] },
    { tenant: CONTOSO, appId: API_APP },
    { tenant: ISV, appId: APP, assignedUsers: { Operator: ['olivia@northwind.example'] } },
  ],
})
