import { randomBytes, randomUUID } from 'node:crypto'
import { appRolesOfUser } from '#emulator/directory/app-role-assignments.ts'
import { pairwise } from '#emulator/directory/ids.ts'
import type { Application, Tenant, User } from '#emulator/directory/types.ts'
import { makeUti } from '#emulator/directory/uti.ts'
import { PERSONAL_ACCOUNTS } from '#emulator/entra/authority.ts'
import { MFA } from '#emulator/entra/conditional-access.ts'
import type { SignIn } from '#emulator/entra/state.ts'
import { groupClaims } from '#emulator/entra/tokens/group-claims.ts'
import { optionalClaims } from '#emulator/entra/tokens/optional-claims.ts'
import { signTampered } from '#emulator/entra/tokens/tampered-signature.ts'
import { guestClaims, IP_ADDRESS, v1Issuer, v2Issuer } from '#emulator/entra/tokens/tokens.ts'
import type { Word } from '#emulator/mischief/words.ts'
import type { World } from '#emulator/world.ts'

const ID_TOKEN_SECONDS = 3_600

export type IdTokenWish = {
  nonce: string | null
  oidc: readonly string[]
  version: 'v1' | 'v2'
  signIn: SignIn
  /** From the sign-in page itself, where an address has to hold it. */
  isInFront?: boolean
  /** Of what comes beside it. */
  hashes?: { c_hash?: string; at_hash?: string }
}

/**
 * Says who signed in. Name and object id come with the scope `profile`, the address with `email`; neither is proof of anything.
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
export async function issueIdToken(
  world: World,
  { tenant, user, application }: { tenant: Tenant; user: User; application: Application },
  { nonce, oidc, version, signIn, isInFront = false, hashes = {} }: IdTokenWish,
): Promise<string> {
  const words = world.mischief.says({ at: 'idtoken', tenantId: tenant.id, appId: application.appId })
  const now = world.clock.seconds()
  const roles = appRolesOfUser(world.directory, user, application)
  const claims: Record<string, unknown> = {
    ver: version === 'v1' ? '1.0' : '2.0',
    iss: version === 'v1' ? v1Issuer(tenant.id) : v2Issuer(world, tenant.id),
    sub: pairwise(user.id, application.appId),
    aud: application.appId,
    iat: now,
    nbf: now,
    exp: now + ID_TOKEN_SECONDS,
    tid: tenant.id,
    uti: makeUti({ issuedMilliseconds: world.clock.now().getTime(), hasSecondFactor: signIn.methods.includes(MFA) }),
    ...(version === 'v1' ? v1Claims(user, signIn) : v2Claims(user, oidc)),
    ...groupClaims(world, { user, application }, { isInFront }),
    ...optionalClaims('idToken', application, { tenant, user, signIn }),
    ...hashes,
    ...(roles.length > 0 ? { roles } : {}),
    ...(nonce === null ? {} : { nonce }),
    ...guestClaims(user),
  }
  for (const word of words) TAMPER[word]?.(claims, world)
  return signTampered(world, claims, {
    words,
    application,
    header: version === 'v1' ? { x5t: world.keys.current().kid } : {},
  })
}

const v2Claims = (user: User, oidc: readonly string[]) => ({
  ...(oidc.includes('profile')
    ? { name: user.displayName, preferred_username: user.userPrincipalName, oid: user.id }
    : {}),
  ...(user.mail !== null && (oidc.includes('email') || user.home) ? { email: user.mail } : {}),
})

/** Version 1 knows no scopes: it says all at once, and how the user has proven who he is. */
const v1Claims = (user: User, signIn: SignIn) => ({
  amr: [...signIn.methods],
  ...(user.surname === null ? {} : { family_name: user.surname }),
  ...(user.givenName === null ? {} : { given_name: user.givenName }),
  ipaddr: IP_ADDRESS,
  name: user.displayName,
  oid: user.id,
  unique_name: (user.home && user.mail) || user.userPrincipalName,
  ...(user.home ? (user.mail === null ? {} : { email: user.mail }) : { upn: user.userPrincipalName }),
})

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
  'idtoken.iss=absent': (claims) => delete claims.iss,
  'idtoken.sub=absent': (claims) => delete claims.sub,
  'idtoken.aud=absent': (claims) => delete claims.aud,
  'idtoken.azp=other': (claims) => Object.assign(claims, { azp: randomUUID() }),
  'idtoken.exp=absent': (claims) => delete claims.exp,
  'idtoken.iat=absent': (claims) => delete claims.iat,
  'idtoken.iat=future': (claims, world) => Object.assign(claims, { iat: world.clock.seconds() + 600 }),
  'idtoken.at_hash=wrong': (claims) => Object.assign(claims, { at_hash: wrongHash() }),
  'idtoken.c_hash=wrong': (claims) => Object.assign(claims, { c_hash: wrongHash() }),
  'idtoken.ver=1.0': (claims) => Object.assign(claims, { ver: '1.0' }),
  'idtoken.oid=absent': (claims) => delete claims.oid,
  'idtoken.aud=other': (claims) => Object.assign(claims, { aud: randomUUID() }),
  'idtoken.aud=extra': (claims) => Object.assign(claims, { aud: [claims.aud, randomUUID()] }),
  'idtoken.exp=past': (claims, world) => Object.assign(claims, { exp: world.clock.seconds() - 301 }),
  'idtoken.nbf=future': (claims, world) => Object.assign(claims, { nbf: world.clock.seconds() + 600 }),
}

/** As long as half of a SHA-256, and of nothing. */
const wrongHash = (): string => randomBytes(16).toString('base64url')
