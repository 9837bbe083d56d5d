import { createHash } from 'node:crypto'
import type { Application, Tenant, User } from '#emulator/directory/types.ts'
import type { SignIn } from '#emulator/entra/state.ts'

type Subject = { tenant: Tenant; user: User; signIn: SignIn }

/** What a registration may ask for beside what every token says. @see https://learn.microsoft.com/entra/identity-platform/optional-claims-reference */
const CLAIMS: Readonly<Record<string, (subject: Subject) => unknown>> = {
  acct: ({ user }) => (user.userType === 'Guest' ? 1 : 0),
  auth_time: ({ signIn }) => Math.floor(signIn.atMilliseconds / 1000),
  ctry: ({ tenant }) => tenant.countryLetterCode,
  email: ({ user }) => user.mail,
  family_name: ({ user }) => user.surname,
  given_name: ({ user }) => user.givenName,
  ipaddr: () => '127.0.0.1',
  login_hint: ({ user }) => `O.${Buffer.from(user.userPrincipalName).toString('base64url')}`,
  sid: ({ user, signIn }) => sessionOf(user, signIn),
  tenant_ctry: ({ tenant }) => tenant.countryLetterCode,
  tenant_region_scope: () => 'EU',
  upn: ({ user }) => user.userPrincipalName,
  verified_primary_email: ({ user }) => (user.mail === null ? [] : [user.mail]),
  xms_pl: ({ user }) => user.preferredLanguage,
  xms_tpl: () => 'en',
}

export function optionalClaims(
  token: 'idToken' | 'accessToken',
  { optionalClaims: wishes }: Application,
  subject: Subject,
): Record<string, unknown> {
  const wanted: unknown = wishes?.[token]
  if (!Array.isArray(wanted)) return {}
  const found = wanted.flatMap((wish: { name?: unknown }) => {
    const name = String(wish.name)
    const value = Object.hasOwn(CLAIMS, name) ? CLAIMS[name]?.(subject) : undefined
    return value === undefined || value === null ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

/** Whether the API wants to be told of a token that it is an application’s. @see https://learn.microsoft.com/entra/identity-platform/optional-claims-reference */
export const wantsKind = ({ optionalClaims: wishes }: Application): boolean =>
  [wishes?.accessToken].flat().some((wish) => (wish as { name?: unknown } | null | undefined)?.name === 'idtyp')

/** The same for every application of one sign-in. */
const sessionOf = ({ id }: User, { atMilliseconds }: SignIn): string => {
  const hex = createHash('sha256').update(`${id}:${atMilliseconds}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
