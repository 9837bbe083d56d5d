import { DEMO, type EstateInput } from '#emulator/index.ts'
import type { TenantId } from '#model/ids.ts'

export const TENANT = DEMO.fabrikam as TenantId
export const ADMINISTRATOR = 'grace@fabrikam.onmicrosoft.com'
/** An app of the test's own, which looks at what is really there and changes people and groups. */
export const WITNESS = 'cccccccc-2222-4222-8333-444444444444'

/** One small customer. */
export const estateOf = ({
  landing,
  users,
  groups,
}: {
  landing: string
  users: number
  groups: number
}): EstateInput => ({
  tenants: [
    { id: DEMO.home, displayName: 'Northwind', domains: ['northwind.onmicrosoft.com'], users: [] },
    {
      id: TENANT,
      displayName: 'Fabrikam',
      domains: ['fabrikam.onmicrosoft.com'],
      users: [
        {
          userPrincipalName: ADMINISTRATOR,
          displayName: 'Grace Admin',
          password: DEMO.password,
          roles: ['Global Administrator'],
        },
      ],
      generated: { users, groups, seed: 5 },
    },
  ],
  applications: [
    {
      appId: DEMO.appId,
      homeTenant: DEMO.home,
      displayName: 'Northwind Insights',
      secrets: [{ value: DEMO.secret }],
      redirectUris: [`${landing}/sign-up/callback`],
    },
    { appId: WITNESS, homeTenant: DEMO.home, displayName: 'Witness', secrets: [{ value: DEMO.secret }] },
  ],
  servicePrincipals: [
    { tenant: DEMO.home, appId: DEMO.appId },
    {
      tenant: TENANT,
      appId: WITNESS,
      application: ['Application.Read.All', 'User.ReadWrite.All', 'Group.ReadWrite.All'],
    },
  ],
})
