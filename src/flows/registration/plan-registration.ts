import { createHash } from 'node:crypto'
import { OPERATOR_ROLE, operatorRedirectUri } from '#flows/operators/operator-sign-in.ts'
import { signUpRedirectUri } from '#flows/sign-up/begin-sign-up.ts'
import type { AppRegistration, OfferedPermissions, RegistrationChange } from '#graph/registration.ts'
import { type AppDefinition, SIGN_UP_SCOPES } from '#model/app.ts'
import { type AppRoleId, type ClientId, MICROSOFT_GRAPH } from '#model/ids.ts'
import { Problem } from '#model/problem.ts'

export type RegistrationWish = {
  app: AppDefinition
  publicUrl: string
  consoleUrl: string
  /** The registration that the configuration names; null: the one of the app’s name, or a new one. */
  clientId: ClientId | null
  /** Whether whoever signed in becomes an operator. */
  operator: boolean
  /** To be accepted from now on; its private key stays where it is. */
  certificate: { der: string; thumbprints: readonly string[] } | null
  /** Given a new secret, once, to keep it; null: none is made. */
  keepSecret: ((added: { secret: string; expiresAt: Date }) => Promise<void>) | null
}

/** Each part by the words that people read; null where it is as it should be. */
export type Wanted = Record<string, RegistrationChange | null>

export const allOf = (wanted: Wanted): RegistrationChange => Object.assign({}, ...Object.values(wanted).filter(Boolean))

/**
 * The same for everybody who registers this app, so that two at once do not make two; one of a deleted registration is
 * not free for a month.
 */
export function uniqueNameOf({ app, publicUrl }: RegistrationWish, taken: readonly string[] = []): string {
  const name = `tenantry-${hashOf(app.name, signUpRedirectUri(publicUrl)).slice(0, 32)}`
  for (let turn = 1; ; turn++) {
    const free = turn === 1 ? name : `${name}-${turn}`
    if (!taken.includes(free)) return free
  }
}

const hashOf = (...texts: string[]): string => createHash('sha256').update(JSON.stringify(texts)).digest('hex')

/** As little as a registration can be made with: whatever stood here would be written over what somebody else has made. */
export const bareRegistration = ({ app }: RegistrationWish) => ({
  displayName: app.name,
  signInAudience: MULTI_TENANT,
})

export function wantedOf(wish: RegistrationWish, offered: OfferedPermissions, found: AppRegistration): Wanted {
  const { app, publicUrl, consoleUrl, certificate } = wish
  const uris = found.web?.redirectUris ?? []
  const ourUris = [signUpRedirectUri(publicUrl), operatorRedirectUri(consoleUrl)]
  const roles = found.appRoles
  const keys = found.keyCredentials
  const asked = found.requiredResourceAccess
  const askedOfGraph = asked.find(({ resourceAppId }) => resourceAppId === MICROSOFT_GRAPH)?.resourceAccess ?? []
  const missing = accessOf(app, offered).filter(
    (one) => !askedOfGraph.some(({ id, type }) => id === one.id && type === one.type),
  )
  const info = {
    ...(app.privacyUrl && app.privacyUrl !== found.info?.privacyStatementUrl
      ? { privacyStatementUrl: app.privacyUrl }
      : {}),
    ...(app.termsUrl && app.termsUrl !== found.info?.termsOfServiceUrl ? { termsOfServiceUrl: app.termsUrl } : {}),
  }
  const unless = (isThere: boolean, change: RegistrationChange) => (isThere ? null : change)
  return {
    [`app registration “${app.name}”`]: unless(found.displayName === app.name, { displayName: app.name }),
    'accounts of any organisation': unless(found.signInAudience === MULTI_TENANT, { signInAudience: MULTI_TENANT }),
    'redirect addresses': unless(includesAll(uris, ourUris), {
      web: { redirectUris: [...new Set([...uris, ...ourUris])] },
    }),
    'directory roles in ID tokens': unless(['DirectoryRole', 'All'].includes(found.groupMembershipClaims ?? ''), {
      groupMembershipClaims: found.groupMembershipClaims ? 'All' : 'DirectoryRole',
    }),
    'access tokens of version 2 for the HTTP API': unless(
      found.api?.requestedAccessTokenVersion === ACCESS_TOKEN_VERSION,
      { api: { requestedAccessTokenVersion: ACCESS_TOKEN_VERSION } },
    ),
    [`app role ${OPERATOR_ROLE}`]: unless(roles.some(isOperatorRole), { appRoles: [...roles, operatorRole(found)] }),
    'permissions of Microsoft Graph': unless(missing.length === 0, {
      requiredResourceAccess: [
        ...asked.filter(({ resourceAppId }) => resourceAppId !== MICROSOFT_GRAPH),
        { resourceAppId: MICROSOFT_GRAPH, resourceAccess: [...askedOfGraph, ...missing] },
      ],
    }),
    ...(app.privacyUrl || app.termsUrl
      ? { 'privacy and terms addresses': unless(Object.keys(info).length === 0, { info }) }
      : {}),
    ...(certificate
      ? {
          certificate: unless(
            keys.some(({ customKeyIdentifier }) => isOneOf(certificate.thumbprints, customKeyIdentifier)),
            { keyCredentials: [...keys, keyCredential(certificate.der)] },
          ),
        }
      : {}),
  }
}

const MULTI_TENANT = 'AzureADMultipleOrgs'
/** Which the console's API reads; an app of one's own gets version 1 unless it says so. @see https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats */
const ACCESS_TOKEN_VERSION = 2

const includesAll = (all: readonly string[], some: readonly string[]): boolean => some.every((one) => all.includes(one))

type Role = AppRegistration['appRoles'][number]

/** Operators are people, and programs that call the console's API. */
const MEMBER_TYPES = ['User', 'Application'] as const
const isOperatorRole = ({ value }: Role): boolean => value === OPERATOR_ROLE
const isForAll = ({ allowedMemberTypes = [] }: Role): boolean => includesAll(allowedMemberTypes, MEMBER_TYPES)

/**
 * The operator role that was there before, for people and programs; null where it is so, undefined where there is none.
 * It is a change of its own, since it is one that Microsoft may refuse while the role is enabled.
 * @see https://learn.microsoft.com/graph/api/resources/approle
 */
export function widenedRole({ appRoles }: AppRegistration): RegistrationChange | null | undefined {
  if (!appRoles.some(isOperatorRole)) return undefined
  if (appRoles.filter(isOperatorRole).every(isForAll)) return null
  const widened = (role: Role) => ({ ...role, allowedMemberTypes: [...MEMBER_TYPES] })
  return { appRoles: appRoles.map((role) => (isOperatorRole(role) ? widened(role) : role)) }
}

const operatorRole = ({ appId }: AppRegistration) => ({
  id: guidOf(hashOf(appId, OPERATOR_ROLE)),
  value: OPERATOR_ROLE,
  displayName: 'Operator',
  description: 'May use the console and act for all tenants.',
  allowedMemberTypes: [...MEMBER_TYPES],
  isEnabled: true,
})

/** An id that two who add the same role at the same moment both think of. @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8 */
const guidOf = (hash: string): string => hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-a$4-$5')

const keyCredential = (der: string) => ({ type: 'AsymmetricX509Cert', usage: 'Verify', key: der })

/** The registration names a certificate by its SHA-1 thumbprint, in hexadecimal or as bytes in base64. */
const isOneOf = (thumbprints: readonly string[], identifier: string | null | undefined): boolean =>
  Boolean(identifier) &&
  [
    identifier?.toUpperCase(),
    Buffer.from(identifier ?? '', 'base64')
      .toString('hex')
      .toUpperCase(),
  ].some((name) => name !== undefined && thumbprints.includes(name))

export function operatorRoleOf(wanted: Wanted, { appRoles }: AppRegistration): AppRoleId {
  const written = (allOf(wanted).appRoles ?? appRoles) as AppRegistration['appRoles']
  return written.find(({ value }) => value === OPERATOR_ROLE)?.id as AppRoleId
}

/** What sign-ups ask administrators for, and what the daemon works with. */
const accessOf = ({ permissions }: AppDefinition, { applications, delegated }: OfferedPermissions) => [
  ...SIGN_UP_SCOPES.map((name) => ({ id: delegated.get(name) ?? '', type: 'Scope' })),
  ...permissions.map(({ value }) => ({ id: applications.get(value) ?? '', type: 'Role' })),
]

export function assertOffered({ permissions }: AppDefinition, { applications, delegated }: OfferedPermissions): void {
  const unknown = [
    ...SIGN_UP_SCOPES.filter((name) => !delegated.has(name)),
    ...permissions.map(({ value }) => value).filter((name) => !applications.has(name)),
  ]
  if (unknown.length === 0) return
  throw new Problem({
    code: 'PERMISSION_UNKNOWN',
    owner: 'operator',
    message: `Microsoft Graph in your home tenant does not offer: ${unknown.join(', ')}. Nothing was changed.`,
    nextStep: 'Correct the permissions in tenantry.config.ts.',
    retry: 'never',
    confidence: 'certain',
  })
}

export function undeclaredIn(
  { requiredResourceAccess }: AppRegistration,
  app: AppDefinition,
  offered: OfferedPermissions,
): string[] {
  const names = new Map([...offered.applications, ...offered.delegated].map(([name, id]) => [id, name]))
  const declared = accessOf(app, offered).map(({ id }) => id)
  return requiredResourceAccess.flatMap(({ resourceAppId, resourceAccess }) =>
    resourceAccess
      .filter(({ id }) => !declared.includes(id))
      .map(({ id }) => (resourceAppId === MICROSOFT_GRAPH ? names.get(id) : undefined) ?? `${resourceAppId}/${id}`),
  )
}
