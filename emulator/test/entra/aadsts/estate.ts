import type { EstateInput } from '#emulator/index.ts'
import { API_APP, APP, CONTOSO, FABRIKAM, ISV, REDIRECT, SECRET, testEstate } from '#emulator/test/support/estate.ts'

export const SPA_APP = 'a0000000-0000-4000-8000-0000000000a1'
export const HYBRID_APP = 'a0000000-0000-4000-8000-0000000000a2'
export const BARE_APP = 'a0000000-0000-4000-8000-0000000000a3'
export const UNVERIFIED_APP = 'a0000000-0000-4000-8000-0000000000a4'
export const ADMIN_APP = 'a0000000-0000-4000-8000-0000000000a5'
export const SPA_REDIRECT = 'http://localhost:3998/spa'

const password = 'Passw0rd!'

/** What the codes arise from: the estate of the other tests, with somebody for every trouble. */
export const estateOfTrouble = (certificates: readonly string[]): EstateInput => {
  const estate = testEstate(certificates)
  const [isv, ...others] = estate.tenants
  if (!isv) throw new Error('The test estate has no home tenant.')
  return {
    tenants: [
      {
        ...isv,
        users: [
          ...(isv.users ?? []),
          { userPrincipalName: 'nora@northwind.example', displayName: 'Nora Nobody', password },
        ],
      },
      ...others.map((tenant) =>
        tenant.id === FABRIKAM
          ? {
              ...tenant,
              users: [
                ...(tenant.users ?? []),
                {
                  userPrincipalName: 'exa@fabrikam.example',
                  displayName: 'Exa Expired',
                  password,
                  passwordExpired: true,
                },
                {
                  userPrincipalName: 'nico@fabrikam.example',
                  displayName: 'Nico Nofactor',
                  password,
                  secondFactor: false,
                },
              ],
            }
          : tenant,
      ),
    ],
    applications: [
      ...(estate.applications ?? []),
      { appId: SPA_APP, homeTenant: ISV, displayName: 'Page', spaRedirectUris: [SPA_REDIRECT] },
      {
        appId: HYBRID_APP,
        homeTenant: ISV,
        displayName: 'Hybrid',
        redirectUris: [REDIRECT],
        secrets: [{ value: SECRET }],
        implicitGrant: { idTokens: true },
      },
      { appId: BARE_APP, homeTenant: ISV, displayName: 'Bare', secrets: [{ value: SECRET }] },
      { appId: UNVERIFIED_APP, homeTenant: ISV, displayName: 'Stranger', redirectUris: [REDIRECT] },
      { appId: ADMIN_APP, homeTenant: ISV, displayName: 'Admin tool', secrets: [{ value: SECRET }] },
    ],
    servicePrincipals: [
      { tenant: FABRIKAM, appId: API_APP },
      { tenant: CONTOSO, appId: APP, application: ['User.Read.All'] },
      { tenant: CONTOSO, appId: API_APP },
      { tenant: ISV, appId: APP, appRoleAssignmentRequired: true, delegated: ['openid', 'User.Read'] },
      { tenant: ISV, appId: API_APP, appRoleAssignmentRequired: true },
      { tenant: ISV, appId: ADMIN_APP, application: ['Application.ReadWrite.All'] },
      // People who sign in by password alone have been consented for.
      ...[FABRIKAM].map((tenant) => ({ tenant, appId: HYBRID_APP, delegated: ['openid', 'User.Read'] })),
    ],
  }
}
