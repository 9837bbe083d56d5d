import { takesPersonalAccounts } from '#emulator/directory/applications.ts'
import type { Application } from '#emulator/directory/types.ts'
import type { Call } from '#emulator/graph/call.ts'
import { checkDuplicates, checkIdentifierHosts, checkRedirects } from '#emulator/graph/resources/address-checks.ts'
import {
  checkIdentifiers,
  checkRemoved,
  checkTokenVersion,
  checkUniqueName,
  keepPasswords,
} from '#emulator/graph/resources/application-checks.ts'
import type { ApplicationChanges } from '#emulator/graph/resources/application-schema.ts'
import { readKeys } from '#emulator/graph/resources/key-credential.ts'

/**
 * What becomes of a registration that is told this.
 * @throws GraphError 400
 */
export function changesOf(call: Call, known: Application, given: ApplicationChanges): Partial<Application> {
  const { displayName, uniqueName, signInAudience, identifierUris, isFallbackPublicClient } = given
  const { groupMembershipClaims, optionalClaims, requiredResourceAccess, info, web, spa, publicClient, api } = given
  const redirectUris = {
    web: web?.redirectUris ?? known.redirectUris.web,
    spa: spa?.redirectUris ?? known.redirectUris.spa,
    publicClient: publicClient?.redirectUris ?? known.redirectUris.publicClient,
  }
  const requestedAccessTokenVersion =
    api?.requestedAccessTokenVersion === undefined ? known.requestedAccessTokenVersion : api.requestedAccessTokenVersion
  const takesPersonal = takesPersonalAccounts(signInAudience ?? known.signInAudience)
  checkRedirects(redirectUris, known.redirectUris, takesPersonal)
  checkTokenVersion(requestedAccessTokenVersion, takesPersonal)
  if (identifierUris) {
    checkIdentifiers(call, known, identifierUris)
    checkIdentifierHosts(call.contents.tenant, known, identifierUris, requestedAccessTokenVersion)
  }
  checkDuplicates(given.appRoles ?? [])
  checkDuplicates(api?.oauth2PermissionScopes ?? [])
  if (uniqueName !== undefined) checkUniqueName(call, known, uniqueName)
  if (given.appRoles) checkRemoved(known.appRoles, given.appRoles)
  if (api?.oauth2PermissionScopes) checkRemoved(known.delegatedPermissions, api.oauth2PermissionScopes)
  return {
    ...defined({
      displayName,
      uniqueName,
      signInAudience,
      identifierUris,
      isFallbackPublicClient: isFallbackPublicClient === null ? false : isFallbackPublicClient,
      groupMembershipClaims,
      optionalClaims,
      requiredResourceAccess,
      info: info && { ...known.info, ...defined(info) },
      keyCredentials: given.keyCredentials && readKeys(given.keyCredentials, known.keyCredentials),
      passwordCredentials:
        given.passwordCredentials && keepPasswords(given.passwordCredentials, known.passwordCredentials),
      appRoles: given.appRoles?.map((role) => ({ ...role, value: role.value ?? '' })),
    }),
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
