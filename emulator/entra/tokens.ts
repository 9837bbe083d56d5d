import { createHash, createSecretKey, randomUUID } from 'node:crypto'
import { base64url, generateKeyPair, SignJWT } from 'jose'
import { assignmentsOf } from '#emulator/directory/app-role-assignments.ts'
import { MICROSOFT_GRAPH } from '#emulator/directory/microsoft-graph.ts'
import { findServicePrincipalByAppId } from '#emulator/directory/service-principals.ts'
import type { Application, Guid, ServicePrincipal, Tenant, User } from '#emulator/directory/types.ts'
import { PERSONAL_ACCOUNTS } from '#emulator/entra/authority.ts'
import type { Word } from '#emulator/mischief/rules.ts'
import type { World } from '#emulator/world.ts'

/** Entra ID draws 60 to 90 minutes. @see https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime */
const LIFETIME_SECONDS = { least: 3_600, spread: 1_800 }
/** Tokens for Graph are dated five minutes back. */
const BACKDATED_SECONDS = 300
const ID_TOKEN_SECONDS = 3_600
const MEMBER_ROLE = 'b79fbf4d-3ef9-4689-8143-76b194e85509'
const SERVICE_PRINCIPAL_ROLE = '0997a1d0-0d1d-4acb-b408-d5ca73121e90'

export type IssuedToken = { value: string; expiresInSeconds: number }
export type ClientAuthentication = '0' | '1' | '2'

export const v2Issuer = ({ origins }: World, tenantId: string): string => `${origins.https}/${tenantId}/v2.0`
const v1Issuer = (tenantId: string): string => `https://sts.windows.net/${tenantId}/`
/** The same person is another subject to every application. */
const pairwise = (userId: Guid, appId: Guid): string =>
  createHash('sha256').update(`${userId}:${appId}`).digest('base64url')
const unique = () => randomUUID().replaceAll('-', '').slice(0, 22)

type ForUser = { tenant: Tenant; user: User; application: Application; acr: ClientAuthentication }

/** @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export async function issueUserToken(
  world: World,
  { tenant, user, application, acr }: ForUser,
  resource: Application,
  scopes: readonly string[],
): Promise<IssuedToken> {
  const words = world.mischief.says({ at: 'token', tenantId: tenant.id, appId: application.appId })
  const { iat, exp, expiresInSeconds } = times(world)
  const isV1 = resource.requestedAccessTokenVersion !== 2
  const claims = {
    aud: audienceOf(resource),
    iss: isV1 ? v1Issuer(tenant.id) : v2Issuer(world, tenant.id),
    iat,
    nbf: iat,
    exp,
    ...(isV1
      ? {
          appid: application.appId,
          appidacr: acr,
          app_displayname: application.displayName,
          unique_name: user.userPrincipalName,
          upn: user.userPrincipalName,
        }
      : { azp: application.appId, azpacr: acr, preferred_username: user.userPrincipalName }),
    idtyp: 'user',
    name: user.displayName,
    oid: user.id,
    scp: scopes.join(' '),
    sub: pairwise(user.id, resource.appId),
    tid: words.includes('accesstoken.tid=other') ? randomUUID() : tenant.id,
    uti: unique(),
    ver: isV1 ? '1.0' : '2.0',
    wids: [...user.directoryRoles, ...(user.userType === 'Member' ? [MEMBER_ROLE] : [])],
    ...guestClaims(user),
  }
  return { value: await world.keys.sign(claims), expiresInSeconds }
}

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
  const { iat, exp, expiresInSeconds } = times(world)
  const isV1 = resource.requestedAccessTokenVersion !== 2
  const claims = {
    aud: words.includes('apptoken.aud=other') ? 'https://management.azure.com' : audienceOf(resource),
    iss: isV1 ? v1Issuer(tid) : v2Issuer(world, tid),
    iat,
    nbf: iat,
    exp,
    ...(isV1
      ? { app_displayname: application.displayName, appid: application.appId, appidacr: acr, idp: v1Issuer(tid) }
      : { azp: application.appId, azpacr: acr }),
    idtyp: 'app',
    oid: servicePrincipal.id,
    ...(roles.length > 0 ? { roles } : {}),
    sub: servicePrincipal.id,
    tenant_region_scope: 'EU',
    tid,
    uti: unique(),
    ver: isV1 ? '1.0' : '2.0',
    wids: [SERVICE_PRINCIPAL_ROLE],
    xms_tcdt: Math.floor(tenant.createdAt.getTime() / 1000),
  }
  return { value: await world.keys.sign(claims), expiresInSeconds }
}

/** @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
export async function issueIdToken(
  world: World,
  { tenant, user, application }: Omit<ForUser, 'acr'>,
  nonce: string | null,
): Promise<string> {
  const words = world.mischief.says({ at: 'idtoken', tenantId: tenant.id, appId: application.appId })
  const now = world.clock.seconds()
  const client = findServicePrincipalByAppId(world.directory, tenant.id, application.appId)
  const assigned = client
    ? assignmentsOf(world.directory, tenant.id, user.id).filter((assignment) => assignment.resourceId === client.id)
    : []
  const roles = application.appRoles
    .filter((role) => assigned.some((assignment) => assignment.appRoleId === role.id))
    .map((role) => role.value)
  const wids = /DirectoryRole|All/.test(application.groupMembershipClaims ?? '')
    ? { wids: [...user.directoryRoles, MEMBER_ROLE] }
    : {}
  const claims: Record<string, unknown> = {
    ver: '2.0',
    iss: v2Issuer(world, tenant.id),
    sub: pairwise(user.id, application.appId),
    aud: application.appId,
    iat: now,
    nbf: now,
    exp: now + ID_TOKEN_SECONDS,
    name: user.displayName,
    preferred_username: user.userPrincipalName,
    oid: user.id,
    tid: tenant.id,
    uti: unique(),
    ...wids,
    ...(roles.length > 0 ? { roles } : {}),
    ...(nonce === null ? {} : { nonce }),
    ...guestClaims(user),
  }
  for (const word of words) TAMPER[word]?.(claims, world)
  return signTampered(world, claims, words)
}

/** One negative of an OpenID Connect relying party each. */
const TAMPER: Partial<Record<Word, (claims: Record<string, unknown>, world: World) => void>> = {
  'idtoken.nonce=other': (claims) => Object.assign(claims, { nonce: 'another-nonce' }),
  'idtoken.nonce=absent': (claims) => delete claims.nonce,
  'idtoken.iss=other-host': (claims) => Object.assign(claims, { iss: `https://login.evil.example/${claims.tid}/v2.0` }),
  'idtoken.iss=other-tenant': (claims, world) => Object.assign(claims, { iss: v2Issuer(world, randomUUID()) }),
  'idtoken.iss=v1': (claims) => Object.assign(claims, { iss: v1Issuer(String(claims.tid)) }),
  'idtoken.iss=trailing-slash': (claims) => Object.assign(claims, { iss: `${claims.iss}/` }),
  'idtoken.tid=other': (claims) => Object.assign(claims, { tid: randomUUID() }),
  'idtoken.tid=common': (claims) => Object.assign(claims, { tid: 'common' }),
  'idtoken.tid=array': (claims) => Object.assign(claims, { tid: [claims.tid] }),
  'idtoken.tid=absent': (claims) => delete claims.tid,
  'idtoken.tid=personal': (claims, world) =>
    Object.assign(claims, { tid: PERSONAL_ACCOUNTS, iss: v2Issuer(world, PERSONAL_ACCOUNTS) }),
  'idtoken.oid=absent': (claims) => delete claims.oid,
  'idtoken.aud=other': (claims) => Object.assign(claims, { aud: randomUUID() }),
  'idtoken.aud=extra': (claims) => Object.assign(claims, { aud: [claims.aud, randomUUID()] }),
  'idtoken.exp=past': (claims, world) => Object.assign(claims, { exp: world.clock.seconds() - 301 }),
  'idtoken.nbf=future': (claims, world) => Object.assign(claims, { nbf: world.clock.seconds() + 600 }),
}

async function signTampered(world: World, claims: Record<string, unknown>, words: readonly Word[]): Promise<string> {
  const { keys } = world
  if (words.includes('idtoken.sig=none'))
    return `${base64url.encode(JSON.stringify({ typ: 'JWT', alg: 'none' }))}.${base64url.encode(JSON.stringify(claims))}.`
  if (words.includes('idtoken.sig=hs256'))
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: keys.current().kid })
      .sign(createSecretKey(Buffer.from(keys.current().publicJwk.n ?? '')))
  if (words.includes('idtoken.sig=wrong')) {
    const { privateKey } = await generateKeyPair('RS256')
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: keys.current().kid }).sign(privateKey)
  }
  return keys.sign(claims, words.includes('idtoken.sig=unknown-kid') ? { kid: 'nobody-knows-this-key' } : {})
}

const audienceOf = (resource: Application): string =>
  resource.appId === MICROSOFT_GRAPH
    ? 'https://graph.microsoft.com'
    : resource.requestedAccessTokenVersion === 2
      ? resource.appId
      : (resource.identifierUris[0] ?? resource.appId)

function times({ clock }: World) {
  const lifetime = LIFETIME_SECONDS.least - 1 + Math.floor(Math.random() * LIFETIME_SECONDS.spread)
  const now = clock.seconds()
  return { iat: now - BACKDATED_SECONDS, exp: now + lifetime, expiresInSeconds: lifetime }
}

const guestClaims = (user: User) => (user.home ? { idp: v1Issuer(user.home.tenantId) } : {})

/** `client_info`: who the account is at home. */
export const clientInfo = (user: User): string =>
  base64url.encode(JSON.stringify({ uid: user.home?.objectId ?? user.id, utid: user.home?.tenantId ?? user.tenantId }))
