import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { addApplication, updateApplication } from '#emulator/directory/applications.ts'
import { GUID } from '#emulator/directory/ids.ts'
import { deleteApplication } from '#emulator/directory/service-principals.ts'
import { defaultDomain } from '#emulator/directory/tenants.ts'
import type { Application } from '#emulator/directory/types.ts'
import { readBody } from '#emulator/graph/body.ts'
import { type Answer, type Call, noContent, param } from '#emulator/graph/call.ts'
import { createdEntity, placeOf } from '#emulator/graph/odata/created.ts'
import { keyOf } from '#emulator/graph/path.ts'
import { checkPermission, NEEDS } from '#emulator/graph/permissions.ts'
import { checkDuplicates, checkIdentifierHosts, checkRedirects } from '#emulator/graph/resources/address-checks.ts'
import {
  checkIdentifiers,
  checkRemoved,
  checkUniqueName,
  keepPasswords,
} from '#emulator/graph/resources/application-checks.ts'
import { APPLICATION } from '#emulator/graph/resources/application-type.ts'
import {
  applicationIn,
  becomesPersonal,
  DEFAULT_AUDIENCE,
  isPersonal,
  knownIn,
} from '#emulator/graph/resources/applications.ts'
import { keyCredentialSchema, readKeys } from '#emulator/graph/resources/key-credential.ts'
import { checkOwner, ownNew } from '#emulator/graph/resources/owned.ts'
import { patch, post, type Route, remove } from '#emulator/graph/route.ts'

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
const changeable = z.object({
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
const created = changeable.required({ displayName: true })

const create = async (call: Call): Promise<Answer> => add(call, await readBody(call, created, APPLICATION))

function add(call: Call, given: z.output<typeof created>): Answer {
  const { contents, world, caller } = call
  const blank: Application = {
    id: randomUUID(),
    appId: randomUUID(),
    tenantId: caller.tenantId,
    displayName: given.displayName,
    uniqueName: null,
    createdAt: world.clock.now(),
    signInAudience: DEFAULT_AUDIENCE,
    identifierUris: [],
    redirectUris: { web: [], spa: [], publicClient: [] },
    logoutUrl: null,
    implicitIdTokens: false,
    implicitAccessTokens: false,
    isFallbackPublicClient: false,
    groupMembershipClaims: null,
    requestedAccessTokenVersion: null,
    appRoles: [],
    delegatedPermissions: [],
    requiredResourceAccess: [],
    passwordCredentials: [],
    keyCredentials: [],
    federatedCredentials: [],
    verifiedPublisher: null,
    publisherDomain: defaultDomain(contents.tenant),
    info: { privacyStatementUrl: null, termsOfServiceUrl: null, supportUrl: null, marketingUrl: null, logoUrl: null },
    optionalClaims: null,
  }
  const application = { ...blank, ...changesOf(call, blank, given) }
  addApplication(world.directory, application)
  ownNew(call, application)
  return createdEntity(call, {
    type: APPLICATION,
    item: application,
    context: 'applications',
    place: placeOf('Application', application.id),
  })
}

/**
 * With the unique name that whoever asks has thought of: makes what is not there, where that is preferred.
 * @see https://learn.microsoft.com/graph/api/application-upsert
 */
async function upsert(call: Call): Promise<Answer> {
  const uniqueName = keyOf(param(call, 'id'), 'uniqueName')
  const isPreferred = /(^|[,;\s])create-if-missing/i.test(call.header('prefer') ?? '')
  if (uniqueName === null || !isPreferred) return update(call)
  const given = await readBody(call, created, APPLICATION)
  const known = knownIn(call)
  if (known && !call.world.lag.hidesApplication(known)) return change(call, given)
  checkPermission(call.caller, NEEDS.createApplications)
  return add(call, { ...given, uniqueName })
}

const update = async (call: Call): Promise<Answer> => change(call, await readBody(call, changeable, APPLICATION))

function change(call: Call, given: z.output<typeof changeable>): Answer {
  const application = ownApplicationIn(call)
  const changes = changesOf(call, application, given)
  updateApplication(call.world.directory, application.appId, changes)
  return noContent()
}

function removeOne(call: Call): Answer {
  deleteApplication(call.world.directory, ownApplicationIn(call))
  return noContent()
}

/** @throws GraphError 403 when the caller may change only what it owns, and this is not */
export function ownApplicationIn(call: Call): Application {
  const application = applicationIn(call)
  checkOwner(call, application)
  return application
}

function changesOf(call: Call, known: Application, given: z.output<typeof changeable>): Partial<Application> {
  const { web, spa, publicClient, api } = given
  const redirectUris = {
    web: web?.redirectUris ?? known.redirectUris.web,
    spa: spa?.redirectUris ?? known.redirectUris.spa,
    publicClient: publicClient?.redirectUris ?? known.redirectUris.publicClient,
  }
  const requestedAccessTokenVersion =
    api?.requestedAccessTokenVersion === undefined ? known.requestedAccessTokenVersion : api.requestedAccessTokenVersion
  checkRedirects(redirectUris, known.redirectUris, /personal/i.test(given.signInAudience ?? known.signInAudience))
  if (given.identifierUris) {
    checkIdentifiers(call, known, given.identifierUris)
    checkIdentifierHosts(call.contents.tenant, known, given.identifierUris, requestedAccessTokenVersion)
  }
  checkDuplicates(given.appRoles ?? [])
  checkDuplicates(api?.oauth2PermissionScopes ?? [])
  if (given.uniqueName !== undefined) checkUniqueName(call, known, given.uniqueName)
  if (given.appRoles) checkRemoved(known.appRoles, given.appRoles)
  if (api?.oauth2PermissionScopes) checkRemoved(known.delegatedPermissions, api.oauth2PermissionScopes)
  return {
    ...(given.displayName === undefined ? {} : { displayName: given.displayName }),
    ...(given.uniqueName === undefined ? {} : { uniqueName: given.uniqueName }),
    ...(given.signInAudience === undefined ? {} : { signInAudience: given.signInAudience }),
    ...(given.identifierUris === undefined ? {} : { identifierUris: given.identifierUris }),
    ...(given.isFallbackPublicClient === undefined
      ? {}
      : { isFallbackPublicClient: given.isFallbackPublicClient ?? false }),
    ...(given.groupMembershipClaims === undefined ? {} : { groupMembershipClaims: given.groupMembershipClaims }),
    ...(given.optionalClaims === undefined ? {} : { optionalClaims: given.optionalClaims }),
    ...(given.requiredResourceAccess === undefined ? {} : { requiredResourceAccess: given.requiredResourceAccess }),
    ...(given.info === undefined ? {} : { info: { ...known.info, ...defined(given.info) } }),
    ...(given.keyCredentials === undefined
      ? {}
      : { keyCredentials: readKeys(given.keyCredentials, known.keyCredentials) }),
    ...(given.passwordCredentials === undefined
      ? {}
      : { passwordCredentials: keepPasswords(given.passwordCredentials, known.passwordCredentials) }),
    ...(given.appRoles === undefined
      ? {}
      : { appRoles: given.appRoles.map((role) => ({ ...role, value: role.value ?? '' })) }),
    redirectUris,
    logoutUrl: web?.logoutUrl === undefined ? known.logoutUrl : web.logoutUrl,
    implicitIdTokens: web?.implicitGrantSettings?.enableIdTokenIssuance ?? known.implicitIdTokens,
    implicitAccessTokens: web?.implicitGrantSettings?.enableAccessTokenIssuance ?? known.implicitAccessTokens,
    requestedAccessTokenVersion,
    delegatedPermissions:
      api?.oauth2PermissionScopes?.map((scope) => ({
        ...scope,
        adminConsentDisplayName: scope.adminConsentDisplayName ?? scope.value,
        adminConsentDescription: scope.adminConsentDescription ?? scope.value,
        userConsentDisplayName: scope.userConsentDisplayName ?? scope.value,
        userConsentDescription: scope.userConsentDescription ?? scope.value,
      })) ?? known.delegatedPermissions,
  }
}

const defined = <Values extends object>(values: Values): { [Name in keyof Values]: Exclude<Values[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never

export const applicationWriteRoutes: readonly Route[] = [
  post('applications', NEEDS.createApplications, create, { isPersonalApplication: becomesPersonal }),
  patch('applications/{id}', NEEDS.writeApplications, upsert, {
    isPersonalApplication: (call) => (knownIn(call) ? isPersonal(call) : becomesPersonal(call)),
  }),
  remove('applications/{id}', NEEDS.writeApplications, removeOne, { isPersonalApplication: isPersonal }),
]
