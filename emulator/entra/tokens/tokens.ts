import { randomBytes, randomUUID } from 'node:crypto'
import { base64url } from 'jose'
import { appRolesOfUser, assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { isFirstParty } from '#emulator/directory/first-party.ts'
import { pairwise } from '#emulator/directory/ids.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Application, ServicePrincipal, Tenant, User } from '#emulator/directory/types.ts'
import { makeUti } from '#emulator/directory/uti.ts'
import { PERSONAL_ACCOUNTS } from '#emulator/entra/authority.ts'
import { MFA } from '#emulator/entra/conditional-access.ts'
import type { SignIn } from '#emulator/entra/state.ts'
import { groupClaims, MEMBER_ROLE } from '#emulator/entra/tokens/group-claims.ts'
import { optionalClaims, wantsKind } from '#emulator/entra/tokens/optional-claims.ts'
import type { World } from '#emulator/world.ts'

/** Entra ID draws 60 to 90 minutes. @see https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime */
const LIFETIME_SECONDS = { least: 3_600, spread: 1_800 }
/** 20 to 28 hours, where client and resource hear at once of what ends a token. @see https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation#token-lifetime */
const LONG_LIFETIME_SECONDS = { least: 20 * 3_600, spread: 8 * 3_600 }
/** Tokens for Graph are dated five minutes back. */
const BACKDATED_SECONDS = 300

const SERVICE_PRINCIPAL_ROLE = '0997a1d0-0d1d-4acb-b408-d5ca73121e90'

/** Everybody comes from this machine. */
export const IP_ADDRESS = '127.0.0.1'

export type IssuedToken = { value: string; expiresInSeconds: number; refreshInSeconds?: number }
export type ClientAuthentication = '0' | '1' | '2'

export const v2Issuer = ({ origins }: World, tenantId: string): string => `${origins.https}/${tenantId}/v2.0`
export const v1Issuer = (tenantId: string): string => `https://sts.windows.net/${tenantId}/`

type ForUser = {
  tenant: Tenant
  user: User
  application: Application
  acr: ClientAuthentication
  signIn: SignIn
}
/** What the client said of itself, by `claims`, and how it named the resource. */
export type Wish = { resourceName: string; capabilities: readonly string[] }

/** @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export async function issueUserToken(
  world: World,
  { tenant, user, application, acr, signIn }: ForUser,
  resource: Application,
  scopes: readonly string[],
  wish: Wish,
): Promise<IssuedToken> {
  const words = world.mischief.says({ at: 'token', tenantId: tenant.id, appId: application.appId })
  const isLong = resource.appId === MICROSOFT_GRAPH && isContinuous(wish)
  const { iat, exp, expiresInSeconds } = times(world, isLong ? LONG_LIFETIME_SECONDS : LIFETIME_SECONDS)
  const refreshInSeconds = Math.floor(expiresInSeconds / 2)
  const isV1 = resource.requestedAccessTokenVersion !== 2
  const roles = appRolesOfUser(world.directory, user, resource)
  const claims = {
    aud: audienceOf(resource, wish.resourceName),
    iss: isV1 ? v1Issuer(tenant.id) : v2Issuer(world, tenant.id),
    iat,
    nbf: iat,
    exp,
    ...(isV1
      ? {
          appid: application.appId,
          appidacr: acr,
          unique_name: user.userPrincipalName,
          upn: user.userPrincipalName,
          acr: '1',
          amr: [...signIn.methods],
          ipaddr: IP_ADDRESS,
          ...(user.givenName === null ? {} : { given_name: user.givenName }),
          ...(user.surname === null ? {} : { family_name: user.surname }),
        }
      : { azp: application.appId, azpacr: acr, preferred_username: user.userPrincipalName }),
    ...(isFirstParty(resource)
      ? {
          ...microsoftsOwn(tenant, application),
          idtyp: 'user',
          wids: [...user.directoryRoles, ...(user.userType === 'Member' ? [MEMBER_ROLE] : [])],
        }
      : {}),
    ...(roles.length > 0 ? { roles } : {}),
    name: user.displayName,
    oid: user.id,
    scp: scopes.join(' '),
    sub: pairwise(user.id, resource.appId),
    tid: words.includes('accesstoken.tid=other') ? randomUUID() : tenant.id,
    uti: makeUti({ issuedMilliseconds: world.clock.now().getTime(), hasSecondFactor: signIn.methods.includes(MFA) }),
    ver: isV1 ? '1.0' : '2.0',
    ...guestClaims(user),
    ...groupClaims(world, { user, application: resource }, { isInFront: false }),
    ...optionalClaims('accessToken', resource, { tenant, user, signIn }),
    ...capabilityClaims(wish),
  }
  const value = await world.keys.sign(claims)
  return {
    value: words.includes('accesstoken.aio=long')
      ? await world.keys.sign({ ...claims, aio: filling(LONG_TOKEN_CHARACTERS - value.length) })
      : value,
    expiresInSeconds,
    ...(isLong ? { refreshInSeconds } : {}),
  }
}

/** As long as a user's token of Graph gets with a few directory roles and what Microsoft keeps in it for itself. */
const LONG_TOKEN_CHARACTERS = 2_600
const AIO_ITSELF = ',"aio":""'.length

/** Opaque text that makes a token longer by about so many characters: of three bytes base64 makes four. */
const filling = (characters: number): string =>
  randomBytes(LONG_TOKEN_CHARACTERS)
    .toString('base64url')
    .slice(0, Math.floor((characters * 3) / 4) - AIO_ITSELF)

/** App-only: a snapshot of the app roles that the service principal holds now. */
export async function issueAppToken(
  world: World,
  {
    tenant,
    application,
    servicePrincipal,
    acr,
  }: { tenant: Tenant; application: Application; servicePrincipal: ServicePrincipal; acr: ClientAuthentication },
  resource: Application,
  wish: Wish,
): Promise<IssuedToken> {
  const { directory, lag, mischief } = world
  const service = findServicePrincipalByAppId(directory, tenant.id, resource.appId)
  const held = assignmentsOf(directory, tenant.id, servicePrincipal.id).filter(
    (assignment) => assignment.resourceId === service?.id && !lag.hidesRole(assignment),
  )
  const roles = resource.appRoles
    .filter((role) => held.some((assignment) => assignment.appRoleId === role.id))
    .map((role) => role.value)
  const words = mischief.says({ at: 'apptoken', tenantId: tenant.id, appId: application.appId })
  const tid = words.includes('apptoken.swap')
    ? ([...directory.tenants.keys()].find((id) => id !== tenant.id && id !== PERSONAL_ACCOUNTS) ?? tenant.id)
    : tenant.id
  const { iat, exp, expiresInSeconds } = times(world, LIFETIME_SECONDS)
  const isV1 = resource.requestedAccessTokenVersion !== 2
  const claims = {
    aud: words.includes('apptoken.aud=other')
      ? 'https://management.azure.com'
      : audienceOf(resource, wish.resourceName),
    iss: isV1 ? v1Issuer(tid) : v2Issuer(world, tid),
    iat,
    nbf: iat,
    exp,
    ...(isV1
      ? { appid: application.appId, appidacr: acr, idp: v1Issuer(tid) }
      : { azp: application.appId, azpacr: acr }),
    ...(isFirstParty(resource)
      ? { ...microsoftsOwn(tenant, application), idtyp: 'app', wids: [SERVICE_PRINCIPAL_ROLE], xms_tdbr: 'EU' }
      : wantsKind(resource)
        ? { idtyp: 'app' }
        : {}),
    oid: servicePrincipal.id,
    ...(roles.length > 0 && !words.includes('apptoken.roles=absent') ? { roles } : {}),
    sub: servicePrincipal.id,
    tid,
    uti: makeUti({ issuedMilliseconds: world.clock.now().getTime(), hasSecondFactor: false }),
    ver: isV1 ? '1.0' : '2.0',
    ...capabilityClaims(wish),
  }
  return { value: await world.keys.sign(claims), expiresInSeconds }
}

const isContinuous = ({ capabilities }: Wish): boolean => capabilities.some((word) => word.toLowerCase() === 'cp1')
const capabilityClaims = ({ capabilities }: Wish) => (capabilities.length > 0 ? { xms_cc: [...capabilities] } : {})

/** What tokens for Microsoft’s own services say, and tokens for other APIs do not. */
const microsoftsOwn = ({ createdAt }: Tenant, { displayName }: Application) => ({
  app_displayname: displayName,
  tenant_region_scope: 'EU',
  xms_tcdt: Math.floor(createdAt.getTime() / 1000),
})

/** In tokens of version 1 the audience follows how it was asked for: by address or by id. */
function audienceOf(resource: Application, asked: string): string {
  if (resource.appId === MICROSOFT_GRAPH)
    return asked.toLowerCase() === MICROSOFT_GRAPH ? MICROSOFT_GRAPH : 'https://graph.microsoft.com'
  if (isFirstParty(resource)) return asked
  return resource.requestedAccessTokenVersion === 2 ? resource.appId : asked
}

/** @see https://learn.microsoft.com/entra/identity-platform/claims-challenge */
export function capabilitiesIn(claims: string | undefined): string[] {
  try {
    const values: unknown = JSON.parse(claims ?? '{}')?.access_token?.xms_cc?.values
    return Array.isArray(values) ? values.map(String) : []
  } catch {
    return []
  }
}

function times({ clock }: World, { least, spread }: { least: number; spread: number }) {
  const lifetime = least - 1 + Math.floor(Math.random() * spread)
  const now = clock.seconds()
  return { iat: now - BACKDATED_SECONDS, exp: now + lifetime, expiresInSeconds: lifetime }
}

export const guestClaims = (user: User) => (user.home ? { idp: v1Issuer(user.home.tenantId) } : {})

/** `client_info`: who the account is at home. */
export const clientInfo = (user: User): string =>
  base64url.encode(JSON.stringify({ uid: user.home?.objectId ?? user.id, utid: user.home?.tenantId ?? user.tenantId }))
