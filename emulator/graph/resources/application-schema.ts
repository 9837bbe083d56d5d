import { z } from 'zod'
import { GUID } from '#emulator/directory/ids.ts'
import { keyCredentialSchema } from '#emulator/graph/resources/key-credential.ts'

const guid = z
  .string()
  .regex(GUID)
  .transform((id) => id.toLowerCase())
const url = z.string().min(1)
const uris = z.array(url)

const appRole = z.object({
  id: guid,
  value: z.string().nullable().default(null),
  displayName: z.string().min(1),
  description: z.string().default(''),
  allowedMemberTypes: z.array(z.enum(['User', 'Application'])).min(1),
  isEnabled: z.boolean().default(true),
})
const delegatedPermission = z.object({
  id: guid,
  value: z.string().min(1),
  type: z.enum(['User', 'Admin']).default('User'),
  adminConsentDisplayName: z.string().nullable().default(null),
  adminConsentDescription: z.string().nullable().default(null),
  userConsentDisplayName: z.string().nullable().default(null),
  userConsentDescription: z.string().nullable().default(null),
  isEnabled: z.boolean().default(true),
})

/** What a registration can be told; everything else of the type is not kept. @see https://learn.microsoft.com/graph/api/application-update */
export const changeable = z.object({
  displayName: z.string().min(1).max(256).optional(),
  uniqueName: z.string().min(1).optional(),
  signInAudience: z
    .enum(['AzureADMyOrg', 'AzureADMultipleOrgs', 'AzureADandPersonalMicrosoftAccount', 'PersonalMicrosoftAccount'])
    .optional(),
  identifierUris: uris.optional(),
  isFallbackPublicClient: z.boolean().nullable().optional(),
  groupMembershipClaims: z.string().nullable().optional(),
  optionalClaims: z.record(z.string(), z.unknown()).nullable().optional(),
  web: z
    .object({
      redirectUris: uris.optional(),
      logoutUrl: z.string().nullable().optional(),
      implicitGrantSettings: z
        .object({ enableIdTokenIssuance: z.boolean().nullish(), enableAccessTokenIssuance: z.boolean().nullish() })
        .nullish(),
    })
    .optional(),
  spa: z.object({ redirectUris: uris.default([]) }).optional(),
  publicClient: z.object({ redirectUris: uris.default([]) }).optional(),
  api: z
    .object({
      requestedAccessTokenVersion: z
        .union([z.literal(1), z.literal(2)])
        .nullable()
        .optional(),
      oauth2PermissionScopes: z.array(delegatedPermission).optional(),
    })
    .optional(),
  appRoles: z.array(appRole).optional(),
  requiredResourceAccess: z
    .array(
      z.object({
        resourceAppId: guid,
        resourceAccess: z.array(z.object({ id: guid, type: z.enum(['Scope', 'Role']) })),
      }),
    )
    .optional(),
  info: z
    .object({
      privacyStatementUrl: z.string().nullable().optional(),
      termsOfServiceUrl: z.string().nullable().optional(),
      supportUrl: z.string().nullable().optional(),
      marketingUrl: z.string().nullable().optional(),
    })
    .optional(),
  keyCredentials: z.array(keyCredentialSchema).optional(),
  passwordCredentials: z.array(z.object({ keyId: z.string().nullish() })).optional(),
})
export const created = changeable.required({ displayName: true })

export type ApplicationChanges = z.output<typeof changeable>
export type NewApplication = z.output<typeof created>
