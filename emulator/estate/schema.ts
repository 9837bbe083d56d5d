import { z } from 'zod'
import { GUID } from '#emulator/directory/ids.ts'

const guid = z
  .string()
  .regex(GUID, 'must be a GUID')
  .transform((text) => text.toLowerCase())
const generated = z.strictObject({
  users: z.number().int().min(0).max(200_000).default(0),
  groups: z.number().int().min(0).max(20_000).default(0),
  seed: z.number().int().default(1),
})

const user = z.strictObject({
  id: guid.optional(),
  userPrincipalName: z.string().includes('@', 'must look like name@domain'),
  displayName: z.string().min(1),
  password: z.string().min(1).optional(),
  mail: z.string().nullable().optional(),
  jobTitle: z.string().optional(),
  accountEnabled: z.boolean().default(true),
  passwordExpired: z.boolean().default(false),
  /** Whether a second factor is set up; its code is always 123456. */
  secondFactor: z.boolean().default(true),
  /** By display name or template id. */
  roles: z.array(z.string()).default([]),
  /** For a guest: the user principal name at home. */
  guestOf: z.string().optional(),
})

/** A policy of conditional access; people by user principal name, roles by display name, applications by client id. */
export const accessPolicy = z.strictObject({
  id: guid.optional(),
  displayName: z.string().min(1),
  users: z.union([z.literal('all'), z.array(z.string())]).default([]),
  roles: z.array(z.string()).default([]),
  excludedUsers: z.array(z.string()).default([]),
  /** Applications that act by themselves. */
  workloads: z.array(guid).default([]),
  resources: z.union([z.literal('all'), z.array(guid)]).default('all'),
  requires: z.enum(['block', 'mfa', 'compliant-device']).nullable().default(null),
  signInFrequencyMinutes: z.number().int().positive().nullable().default(null),
})

const tenant = z.strictObject({
  id: guid,
  displayName: z.string().min(1),
  domains: z.array(z.string().min(1)).min(1),
  countryLetterCode: z.string().length(2).default('US'),
  userConsent: z.enum(['legacy', 'low', 'disabled']).default('low'),
  adminConsentWorkflow: z.boolean().default(false),
  conditionalAccess: z.array(accessPolicy).default([]),
  /** Microsoft Entra ID P1, without which signInActivity is refused. */
  premium: z.boolean().default(true),
  users: z.array(user).default([]),
  /** Counted together with the users named above: `users: 60` gives 60 in all. */
  generated: generated.default({ users: 0, groups: 0, seed: 1 }),
})

const appRole = z.strictObject({
  id: guid.optional(),
  value: z.string().min(1),
  displayName: z.string().min(1),
  description: z.string().default(''),
  allowedMemberTypes: z.array(z.enum(['User', 'Application'])).default(['Application']),
})

const names = z.array(z.string()).default([])
const addresses = z
  .array(z.string().refine(URL.canParse, 'must be a whole address, as https://app.example/callback'))
  .default([])

const application = z.strictObject({
  appId: guid,
  /** The home tenant's id or one of its domains. */
  homeTenant: z.string().min(1),
  displayName: z.string().min(1),
  signInAudience: z.enum(['AzureADMyOrg', 'AzureADMultipleOrgs']).default('AzureADMultipleOrgs'),
  redirectUris: addresses,
  /** Of a single-page application: their codes are redeemed by a page, across origins and without a secret. */
  spaRedirectUris: addresses,
  /** What may come from /authorize itself: ID tokens, and access tokens. */
  implicitGrant: z
    .strictObject({ idTokens: z.boolean().default(false), accessTokens: z.boolean().default(false) })
    .default({ idTokens: false, accessTokens: false }),
  /** Names of optional claims, by token. */
  optionalClaims: z
    .strictObject({ idToken: z.array(z.string()).default([]), accessToken: z.array(z.string()).default([]) })
    .nullable()
    .default(null),
  identifierUris: z.array(z.string()).default([]),
  secrets: z
    .array(
      z.strictObject({
        value: z.string().min(1),
        displayName: z.string().optional(),
        endsAt: z.iso.datetime().optional(),
      }),
    )
    .default([]),
  /** PEM. */
  certificates: z.array(z.string()).default([]),
  /** Of GitHub, Kubernetes and their like: their token instead of a secret. */
  federatedCredentials: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        issuer: z.string().min(1),
        subject: z.string().min(1),
        audiences: z.array(z.string()).default(['api://AzureADTokenExchange']),
        description: z.string().nullable().default(null),
      }),
    )
    .default([]),
  /** What this app offers as an API: to apps and people, and on behalf of users. */
  appRoles: z.array(appRole).default([]),
  delegatedPermissions: z
    .array(
      z.strictObject({
        id: guid.optional(),
        value: z.string().min(1),
        displayName: z.string().min(1),
        description: z.string().default(''),
        /** `User`: a user may consent; `Admin`: an administrator must. */
        type: z.enum(['User', 'Admin']).default('User'),
      }),
    )
    .default([]),
  /** Of tokens for this app; null, as for one that says nothing, is 1. */
  accessTokenVersion: z
    .union([z.literal(1), z.literal(2)])
    .nullable()
    .default(null),
  groupMembershipClaims: z.string().nullable().default(null),
  /** Of Microsoft Graph, and of other applications of the estate. */
  requiredPermissions: z
    .strictObject({
      delegated: names,
      application: names,
      others: z.array(z.strictObject({ app: guid, delegated: names, application: names })).default([]),
    })
    .default({ delegated: [], application: [], others: [] }),
  verifiedPublisher: z.string().nullable().default(null),
  privacyStatementUrl: z.string().nullable().default(null),
  termsOfServiceUrl: z.string().nullable().default(null),
  publicClient: z.boolean().default(false),
})

const presence = z.strictObject({
  tenant: z.string().min(1),
  appId: guid,
  accountEnabled: z.boolean().default(true),
  appRoleAssignmentRequired: z.boolean().default(false),
  /** Application permissions of Microsoft Graph already granted. */
  application: z.array(z.string()).default([]),
  /** Delegated permissions of Microsoft Graph already consented to for everybody. */
  delegated: z.array(z.string()).default([]),
  /** The app's own roles given to people: role value → user principal names. */
  assignedUsers: z.record(z.string(), z.array(z.string())).default({}),
})

/** An estate: the tenants, people and applications that an emulator begins with. */
export const estateSchema = z.strictObject({
  tenants: z.array(tenant).min(1),
  applications: z.array(application).default([]),
  servicePrincipals: z.array(presence).default([]),
})
export type Estate = z.output<typeof estateSchema>
export type EstateInput = z.input<typeof estateSchema>
