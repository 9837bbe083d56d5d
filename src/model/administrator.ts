import {
  APPLICATION_ADMINISTRATOR,
  CLOUD_APPLICATION_ADMINISTRATOR,
  GLOBAL_ADMINISTRATOR,
  type ObjectId,
  PRIVILEGED_ROLE_ADMINISTRATOR,
  type SignUpId,
  type TenantId,
} from '#model/ids.ts'

/** Who signed in, as the validated ID token says. Key everything on tenant id and object id, never on a name or an address. */
export type Account = {
  tenantId: TenantId
  objectId: ObjectId
  name: string
  /** preferred_username: for people to read, never for a decision. */
  username: string
  /** Template ids of the directory roles held in that tenant (`wids`). */
  directoryRoles: readonly string[]
  /** App roles of our own application held by this person (`roles`). */
  appRoles: readonly string[]
}

/** An access token of Microsoft Graph on behalf of an administrator. Lives in a request or in a sealed, expiring cookie; nowhere else. */
export type DelegatedToken = {
  tenantId: TenantId
  value: string
  expiresAt: Date
  scopes: readonly string[]
}

/** What one trip to Microsoft needs to be recognised when it comes back. Sealed into a cookie of the browser that began it. */
export type SignInTicket = {
  state: string
  nonce: string
  /** PKCE code verifier. @see RFC 7636 */
  verifier: string
}

export type SignUpTicket = SignInTicket & { signUpId: SignUpId; invitedTenantId: TenantId | null }

/** An administrator who has proven who and where he is, between two pages of the sign-up. Sealed, expiring. */
export type AdministratorStep = { signUpId: SignUpId; account: Account; token: DelegatedToken }

/** Seen to be an administrator of that tenant, and so allowed to connect it. Only `prove-administrator` makes one. */
export type ProvenAdministrator = { tenantId: TenantId; objectId: ObjectId } & { readonly __is: 'ProvenAdministrator' }

const ADMINISTRATORS: readonly string[] = [
  GLOBAL_ADMINISTRATOR,
  PRIVILEGED_ROLE_ADMINISTRATOR,
  APPLICATION_ADMINISTRATOR,
  CLOUD_APPLICATION_ADMINISTRATOR,
]

/** Whether one of the directory roles answers for a tenant’s applications, as ordinary members, guests and mere readers do not. */
export const administers = (directoryRoles: readonly string[]): boolean =>
  directoryRoles.some((role) => ADMINISTRATORS.includes(role))

/** One of the ISV's people, allowed into the console. */
export type Operator = { objectId: ObjectId; name: string; username: string }
