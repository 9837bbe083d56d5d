import { HYBRID_APP } from '#emulator/test/entra/aadsts/estate.ts'
import { refreshTokenOf, renew, UMA } from '#emulator/test/entra/aadsts/user.ts'
import type { Stage, Witness } from '#emulator/test/entra/aadsts/witness.ts'
import { APP, FABRIKAM, ISV } from '#emulator/test/support/estate.ts'

const NICO = 'nico@fabrikam.example'
type Policy = Parameters<Stage['emulator']['directory']['setConditionalAccess']>[0]['policies'][number]

const decide = (stage: Stage, policy: Omit<Policy, 'displayName'>) =>
  stage.emulator.directory.setConditionalAccess({
    tenant: FABRIKAM,
    policies: [{ displayName: 'A policy', users: 'all', ...policy }],
  })

/** A tool that asks for name and password itself, as MSAL does for it. */
const byPassword = (
  { clients }: Stage,
  username: string,
  { password = 'Passw0rd!', tenant = FABRIKAM, clientId = HYBRID_APP } = {},
) =>
  clients.refusal(
    clients.msal(tenant, { clientId }).acquireTokenByUsernamePassword({ scopes: ['User.Read'], username, password }),
  )

/** What policies and the state of an account keep from somebody. */
export const accessWitnesses: readonly Witness[] = [
  {
    code: 50034,
    client: 'MSAL Node',
    when: 'the tenant has no such account',
    error: 'invalid_grant',
    text: /The user account nobody@fabrikam\.example does not exist in this directory/,
    provoke: (stage) => byPassword(stage, 'nobody@fabrikam.example'),
  },
  {
    code: 50126,
    client: 'MSAL Node',
    when: 'the password is wrong',
    error: 'invalid_grant',
    text: /Error validating credentials due to invalid username or password/,
    provoke: (stage) => byPassword(stage, UMA, { password: 'wrong' }),
  },
  {
    code: 50053,
    client: 'MSAL Node',
    when: 'ten wrong passwords have locked the account for a minute',
    error: 'invalid_grant',
    text: /The account is locked, you've tried to sign in too many times/,
    async provoke(stage) {
      for (let attempt = 0; attempt < 10; attempt++) await byPassword(stage, UMA, { password: 'wrong' })
      return byPassword(stage, UMA)
    },
  },
  {
    code: 50055,
    client: 'MSAL Node',
    when: 'the password has expired',
    error: 'invalid_grant',
    suberror: 'user_password_expired',
    text: /The password is expired/,
    provoke: (stage) => byPassword(stage, 'exa@fabrikam.example'),
  },
  {
    code: 50057,
    client: 'MSAL Node',
    when: 'an administrator has disabled the account',
    error: 'invalid_grant',
    text: /The user account is disabled/,
    provoke: (stage) => byPassword(stage, 'disa@fabrikam.example'),
  },
  {
    code: 50105,
    client: 'MSAL Node',
    when: 'the tenant lets only assigned people into the application',
    error: 'invalid_grant',
    text: new RegExp(
      `the application Daemon \\('${APP}'\\) to block users .* The signed in user 'nora@northwind\\.example' is blocked because`,
    ),
    provoke: (stage) => byPassword(stage, 'nora@northwind.example', { tenant: ISV, clientId: APP }),
  },
  {
    code: 50173,
    client: 'MSAL Node',
    when: 'the user’s sessions were revoked, or his password changed',
    error: 'invalid_grant',
    suberror: 'bad_token',
    text: /The grant was issued on '\S+Z' and the TokensValidFrom date .* for this user is '\S+Z'/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      await stage.emulator.directory.revokeSessions({ tenant: FABRIKAM, user: UMA })
      return renew(stage, token)
    },
  },
  {
    code: 50076,
    client: 'MSAL Node',
    when: 'a policy wants a second factor, which was not shown',
    error: 'invalid_grant',
    suberror: 'basic_action',
    challenges: true,
    text: /you must use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      await decide(stage, { requires: 'mfa' })
      return renew(stage, token)
    },
  },
  {
    code: 50079,
    client: 'MSAL Node',
    when: 'a policy wants a second factor, and the user has none',
    error: 'invalid_grant',
    suberror: 'basic_action',
    challenges: true,
    text: /you must enroll in multifactor authentication to access/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage, NICO)
      await decide(stage, { requires: 'mfa' })
      return renew(stage, token)
    },
  },
  {
    code: 53000,
    client: 'MSAL Node',
    when: 'a policy wants a managed device: the emulator knows none',
    error: 'interaction_required',
    suberror: 'message_only',
    challenges: true,
    text: /Device is not in required device state: unregistered\. Conditional Access policy requires a compliant device/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      await decide(stage, { requires: 'compliant-device' })
      return renew(stage, token)
    },
  },
  {
    code: 53003,
    client: 'MSAL Node',
    when: 'a policy of conditional access blocks the application, or the user',
    error: 'invalid_grant',
    suberror: 'message_only',
    challenges: true,
    text: /Access has been blocked by Conditional Access policies/,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      await decide(stage, { requires: 'block' })
      return renew(stage, token)
    },
  },
  {
    code: 70043,
    client: 'MSAL Node',
    when: 'the sign-in is older than a policy allows',
    error: 'invalid_grant',
    suberror: 'token_expired',
    withoutPage: true,
    text: /due to sign-in frequency checks by conditional access\. The token was issued on \S+Z and the maximum allowed lifetime for this request is 3600\./,
    async provoke(stage) {
      const token = await refreshTokenOf(stage)
      await decide(stage, { signInFrequencyMinutes: 60 })
      stage.emulator.clock.advance({ hours: 2 })
      return renew(stage, token)
    },
  },
]
