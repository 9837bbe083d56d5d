import type { EstateInput } from '#emulator/estate/schema.ts'

const PASSWORD = 'Passw0rd!'

const person = (name: string, displayName: string, domain: string, roles: string[] = []) => ({
  userPrincipalName: `${name}@${domain}`,
  displayName,
  password: PASSWORD,
  roles,
})

const staff = (domain: string) => [
  person('grace', 'Grace Admin', domain, ['Global Administrator']),
  person('priya', 'Priya Privileged', domain, ['Privileged Role Administrator']),
  person('adam', 'Adam Apps', domain, ['Application Administrator']),
  person('uma', 'Uma User', domain),
]

export const DEMO = {
  home: '11111111-1111-4111-8111-111111111111',
  fabrikam: '22222222-2222-4222-8222-222222222222',
  contoso: '33333333-3333-4333-8333-333333333333',
  personal: '9188040d-6c67-4c5b-b112-36a304b66dad',
  appId: 'aaaaaaaa-1111-4222-8333-444444444444',
  secret: 'demo-secret-of-the-emulator-only',
  password: PASSWORD,
} as const

/** What the emulator begins with when nobody says otherwise: an ISV and two customers. */
export const demoEstate: EstateInput = {
  tenants: [
    {
      id: DEMO.home,
      displayName: 'Northwind Software',
      domains: ['northwind.onmicrosoft.com'],
      users: [
        person('olivia', 'Olivia Operator', 'northwind.onmicrosoft.com', ['Global Administrator']),
        person('noah', 'Noah Newcomer', 'northwind.onmicrosoft.com'),
      ],
    },
    {
      id: DEMO.fabrikam,
      displayName: 'Fabrikam',
      domains: ['fabrikam.onmicrosoft.com'],
      users: staff('fabrikam.onmicrosoft.com'),
      generated: { users: 1200, groups: 80, seed: 7 },
    },
    {
      id: DEMO.contoso,
      displayName: 'Contoso',
      domains: ['contoso.onmicrosoft.com'],
      users: staff('contoso.onmicrosoft.com'),
      generated: { users: 60, groups: 8, seed: 11 },
    },
    {
      id: DEMO.personal,
      displayName: 'Personal accounts',
      domains: ['outlook.example'],
      users: [person('pat', 'Pat Personal', 'outlook.example')],
    },
  ],
  applications: [
    {
      appId: DEMO.appId,
      homeTenant: DEMO.home,
      displayName: 'Northwind Insights',
      redirectUris: ['http://localhost:3000/sign-up/callback', 'http://localhost:3001/sign-in/callback'],
      secrets: [{ value: DEMO.secret, displayName: 'demo' }],
      groupMembershipClaims: 'DirectoryRole',
      accessTokenVersion: 2,
      verifiedPublisher: 'Northwind Software',
      requiredPermissions: {
        delegated: ['openid', 'profile', 'User.Read', 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'],
        application: ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'],
      },
      appRoles: [
        {
          value: 'Tenantry.Operator',
          displayName: 'Operator',
          description: 'May use the console and act for all tenants.',
          allowedMemberTypes: ['User'],
        },
      ],
    },
  ],
  servicePrincipals: [
    {
      tenant: DEMO.home,
      appId: DEMO.appId,
      assignedUsers: { 'Tenantry.Operator': ['olivia@northwind.onmicrosoft.com'] },
    },
  ],
}
